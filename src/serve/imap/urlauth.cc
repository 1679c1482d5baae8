// GENURLAUTH, RESETKEY and URLFETCH (RFC 4467): a user lets others fetch one of
// his messages by a URL that only he could have made.
#include "base/bytes.h"
#include "mail/precis.h"
#include "proto/imap/response.h"
#include "serve/imap/message_url.h"
#include "serve/imap/session.h"
#include "serve/imap/url_token.h"

namespace pabal::serve::imap {

namespace {

constexpr size_t kKeyOctets = 32;

// RFC 4467 §3: who may use the URL.
bool admits(std::string_view access, const directory::Account& account) {
  if (access == "anonymous" || access == "authuser") return true;
  return access.starts_with("user+") && mail::fold_address(access.substr(5)) == account.address;
}

}  // namespace

rt::Task<Outcome> Session::on(wire::GenUrlAuth command) {
  std::string answer = "* GENURLAUTH";
  for (const auto& [rump, mechanism] : command.urls) {
    if (!iequals(mechanism, "INTERNAL")) co_return bad("the only mechanism is INTERNAL");
    std::optional<wire::Url> url = wire::parse_url(rump);
    if (!url || url->access.empty() || url->mailbox.empty() ||
        mail::fold_address(url->user) != account_->address)
      co_return bad("that is not the URL of a message of yours that ends in ;URLAUTH=...");
    std::expected<Place, Outcome> place = co_await find_with_right(url->mailbox, "r");
    if (!place) co_return std::move(place.error());
    std::string fresh = service_.world.random.octets(kKeyOctets);
    auto work = [](store::Transaction& tx, MailboxId mailbox, const std::string& unless_there) {
      return store::url_auth_key(tx, mailbox, unless_there);
    };
    std::string key = co_await service_.store.write(work, place->mailbox->id, std::move(fresh));
    answer += ' ';
    wire::put_string(answer, rump + ":internal:" + url_token(key, rump));
  }
  out().append(answer).append("\r\n");
  co_return ok("here they are");
}

rt::Task<Outcome> Session::on(wire::ResetKey command) {
  for (const std::string& mechanism : command.mechanisms) {
    if (!iequals(mechanism, "INTERNAL")) co_return bad("the only mechanism is INTERNAL");
  }
  std::vector<MailboxId> mailboxes;
  if (command.mailbox.empty()) {
    std::vector<store::Mailbox> all = co_await service_.store.read(store::list_mailboxes, account_->id);
    for (const store::Mailbox& mailbox : all) mailboxes.push_back(mailbox.id);
  } else {
    std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "a");
    if (!place) co_return std::move(place.error());
    mailboxes.push_back(place->mailbox->id);
  }
  auto work = [](store::Transaction& tx, const std::vector<MailboxId>& which) {
    for (MailboxId mailbox : which) store::reset_url_auth_key(tx, mailbox);
  };
  co_await service_.store.write(work, std::move(mailboxes));
  co_return ok("URLs made before are worth nothing now", "URLMECH INTERNAL");
}

rt::Task<Outcome> Session::on(wire::UrlFetch command) {
  UrlMessages messages(service_.reading, service_.options.message_octets_max);
  for (std::string& text : command.urls) {
    std::string line = "* URLFETCH ";
    wire::put_astring(line, text);
    std::optional<std::string> octets = co_await fetch_authorized(std::move(text), messages);
    line += ' ';
    if (octets) {
      wire::put_literal(line, *octets);
    } else {
      line += "NIL";
    }
    out().append(line).append("\r\n");
    co_await flush_if_full();
  }
  co_return ok("fetched");
}

// RFC 4467 §8: nothing is told of why not.
rt::Task<std::optional<std::string>> Session::fetch_authorized(std::string text, UrlMessages& messages) {
  std::optional<wire::Url> url = wire::parse_url(text);
  if (!url || url->token.empty() || !iequals(url->mechanism, "INTERNAL") || !admits(url->access, *account_))
    co_return std::nullopt;
  if (url->expire && *url->expire < service_.world.clock.now()) co_return std::nullopt;
  std::optional<directory::Account> owner = co_await service_.directory.account(url->user);
  if (!owner || owner->disabled) co_return std::nullopt;
  auto query = [](store::Database& db, const directory::Account& of,
                  const std::string& name) -> std::optional<std::string> {
    std::optional<Place> place = find_place(db, of, name);
    if (!place || !place->mailbox) return std::nullopt;
    return store::find_url_auth_key(db, place->mailbox->id);
  };
  std::optional<std::string> key = co_await service_.store.read(query, *owner, url->mailbox);
  if (!key || key->empty() || !is_url_token(*key, url->rump, url->token)) co_return std::nullopt;
  co_return co_await read_url(std::move(*url), std::move(*owner), messages);
}

}  // namespace pabal::serve::imap
