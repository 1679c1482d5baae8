// CAPABILITY, ENABLE (RFC 5161), ID (RFC 2971), NOOP, CHECK and LOGOUT.
#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "proto/imap/response.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

constexpr std::string_view kBeforeLogin = "IMAP4rev1 IMAP4rev2 ID ENABLE SASL-IR LITERAL- ";
constexpr std::string_view kAfterLogin =
    "IMAP4rev1 IMAP4rev2 ID ENABLE SASL-IR LITERAL+ IDLE NAMESPACE CHILDREN UIDPLUS UNSELECT MOVE CONDSTORE "
    "QRESYNC ESEARCH SEARCHRES WITHIN SORT SORT=DISPLAY ESORT THREAD=REFERENCES THREAD=ORDEREDSUBJECT "
    "CONTEXT=SEARCH CONTEXT=SORT PARTIAL MULTISEARCH SEARCH=FUZZY I18NLEVEL=1 LIST-EXTENDED LIST-STATUS "
    "LIST-MYRIGHTS LIST-METADATA SPECIAL-USE CREATE-SPECIAL-USE BINARY INPROGRESS MULTIAPPEND CATENATE "
    "URLAUTH REPLACE "
    "SAVEDATE PREVIEW STATUS=SIZE OBJECTID QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE ACL RIGHTS=texk "
    "METADATA "
    "METADATA-SERVER NOTIFY COMPRESS=DEFLATE UTF8=ACCEPT UIDONLY UNAUTHENTICATE";

}  // namespace

std::string Session::capabilities() const {
  std::string names;
  if (account_) {
    names = kAfterLogin;
    names += " APPENDLIMIT=" + std::to_string(service_.options.message_octets_max);
    return names;
  }
  names = kBeforeLogin;
  if (offers_starttls()) names += "STARTTLS ";
  if (!may_log_in()) return names + "LOGINDISABLED";
  for (const std::string& mechanism : directory::Gate::mechanisms(visitor_))
    names += "AUTH=" + mechanism + ' ';
  names.pop_back();
  return names;
}

rt::Task<Outcome> Session::on(wire::Capability) {
  out().append("* CAPABILITY ").append(capabilities()).append("\r\n");
  co_return ok("that is what this server can do");
}

// RFC 7162 §3.1: the first time with a mailbox selected, it is said from where on.
void Session::enable_condstore() {
  if (std::exchange(condstore_, true) || !selected_) return;
  tell_highest_modseq();
}

rt::Task<Outcome> Session::on(wire::Enable command) {
  std::string enabled;
  auto enable = [&](std::string_view name, bool& flag) {
    if (std::ranges::find(command.capabilities, name) == command.capabilities.end() || flag) return;
    flag = true;
    enabled.append(" ").append(name);
  };
  bool condstore = condstore_;
  enable("CONDSTORE", condstore);
  enable("QRESYNC", qresync_);
  enable("UTF8=ACCEPT", utf8_);
  enable("IMAP4REV2", rev2_);
  enable("UIDONLY", uid_only_);
  out().append("* ENABLED").append(enabled).append("\r\n");
  // RFC 7162 §3.2.3: QRESYNC takes CONDSTORE with it.
  if (condstore || qresync_) enable_condstore();
  co_return ok("enabled");
}

rt::Task<Outcome> Session::on(wire::Id command) {
  for (const auto& [name, value] : command.fields) {
    if (iequals(name, "name"))
      service_.world.log.debug("imap.client", {{"peer", peer_}, {"name", value.value_or("")}});
  }
  out() += "* ID (\"name\" \"Pabal\")\r\n";
  co_return ok("pleased to meet you");
}

rt::Task<Outcome> Session::on(wire::Noop) {
  co_return ok("done");
}

rt::Task<Outcome> Session::on(wire::Check) {
  co_return ok("everything is on disk, as ever");
}

rt::Task<Outcome> Session::on(wire::Logout) {
  bye("see you");
  Outcome outcome = ok("logged out");
  outcome.then = Outcome::Then::close;
  co_return outcome;
}

}  // namespace pabal::serve::imap
