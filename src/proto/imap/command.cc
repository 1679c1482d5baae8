#include "proto/imap/command.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "proto/imap/grammar.h"

namespace pabal::proto::imap {

namespace {

using grammar::Parsed;

template <class C>
Parsed without_arguments(Parser&) {
  return C{};
}

// Which forms there are: FETCH, UID FETCH.
enum class Forms : unsigned char { plain, both };

struct Entry {
  std::string_view name;
  Parsed (*parse)(Parser&);
  Forms forms = Forms::plain;
};

// Rising by name.
constexpr Entry kCommands[] = {
    {"APPEND", grammar::parse_append},
    {"AUTHENTICATE", grammar::parse_authenticate},
    {"CANCELUPDATE", grammar::parse_cancel_update},
    {"CAPABILITY", without_arguments<Capability>},
    {"CHECK", without_arguments<Check>},
    {"CLOSE", without_arguments<Close>},
    {"COMPRESS", grammar::parse_compress},
    {"COPY", grammar::parse_copy, Forms::both},
    {"CREATE", grammar::parse_create},
    {"DELETE", grammar::parse_delete},
    {"DELETEACL", grammar::parse_delete_acl},
    {"ENABLE", grammar::parse_enable},
    {"ESEARCH", grammar::parse_esearch, Forms::both},  // with UID only in an example, RFC 7377 §2.1
    {"EXAMINE", grammar::parse_select},
    {"EXPUNGE", grammar::parse_expunge, Forms::both},
    {"FETCH", grammar::parse_fetch, Forms::both},
    {"GENURLAUTH", grammar::parse_gen_urlauth},
    {"GETACL", grammar::parse_get_acl},
    {"GETMETADATA", grammar::parse_get_metadata},
    {"GETQUOTA", grammar::parse_get_quota},
    {"GETQUOTAROOT", grammar::parse_get_quota_root},
    {"ID", grammar::parse_id},
    {"IDLE", without_arguments<Idle>},
    {"LIST", grammar::parse_list},
    {"LISTRIGHTS", grammar::parse_list_rights},
    {"LOGIN", grammar::parse_login},
    {"LOGOUT", without_arguments<Logout>},
    {"LSUB", grammar::parse_list},
    {"MOVE", grammar::parse_copy, Forms::both},
    {"MYRIGHTS", grammar::parse_my_rights},
    {"NAMESPACE", without_arguments<Namespace>},
    {"NOOP", without_arguments<Noop>},
    {"NOTIFY", grammar::parse_notify},
    {"RENAME", grammar::parse_rename},
    {"REPLACE", grammar::parse_replace, Forms::both},
    {"RESETKEY", grammar::parse_reset_key},
    {"SEARCH", grammar::parse_search, Forms::both},
    {"SELECT", grammar::parse_select},
    {"SETACL", grammar::parse_set_acl},
    {"SETMETADATA", grammar::parse_set_metadata},
    {"SETQUOTA", grammar::parse_set_quota},
    {"SORT", grammar::parse_sort, Forms::both},
    {"STARTTLS", without_arguments<StartTls>},
    {"STATUS", grammar::parse_status},
    {"STORE", grammar::parse_store, Forms::both},
    {"SUBSCRIBE", grammar::parse_subscribe},
    {"THREAD", grammar::parse_thread, Forms::both},
    {"UNAUTHENTICATE", without_arguments<Unauthenticate>},
    {"UNSELECT", without_arguments<Unselect>},
    {"UNSUBSCRIBE", grammar::parse_subscribe},
    {"URLFETCH", grammar::parse_url_fetch},
};
static_assert(std::ranges::is_sorted(kCommands, {}, &Entry::name));

const Entry* find_command(std::string_view name) {
  auto found = std::ranges::lower_bound(kCommands, name, {}, &Entry::name);
  return found != std::end(kCommands) && found->name == name ? found : nullptr;
}

// The name, and UID before it.
const Entry* take_command(Parser& parser) {
  std::string name;
  bool uid = false;
  if (!parser.space("a name after its tag: \"a1 NOOP\"") || !parser.take_upper_atom(name, "a name"))
    return nullptr;
  if (name == "UID") {
    constexpr std::string_view kWhat = "a command behind it, like FETCH, STORE, COPY, MOVE or SEARCH";
    parser.set_command("UID", false);
    if (!parser.space(kWhat) || !parser.take_upper_atom(name, kWhat)) return nullptr;
    uid = true;
  }
  const Entry* entry = find_command(name);
  if (!entry) {
    parser.reject(std::string("Command not known: ") + (uid ? "UID " : "") + name);
    return nullptr;
  }
  if (uid && entry->forms != Forms::both) {
    parser.reject(name + " has no UID form; send " + name + " alone");
    return nullptr;
  }
  parser.set_command(std::move(name), uid);
  return entry;
}

// In the order of the variant; where one has two names, verb() knows better.
constexpr std::string_view kVerbs[] = {
    "CAPABILITY",   "NOOP",        "LOGOUT",   "ID",         "STARTTLS",  "AUTHENTICATE",   "LOGIN",
    "ENABLE",       "SELECT",      "CREATE",   "DELETE",     "RENAME",    "SUBSCRIBE",      "LIST",
    "NAMESPACE",    "STATUS",      "APPEND",   "IDLE",       "COMPRESS",  "UNAUTHENTICATE", "GETQUOTA",
    "GETQUOTAROOT", "SETQUOTA",    "GETACL",   "SETACL",     "DELETEACL", "LISTRIGHTS",     "MYRIGHTS",
    "GETMETADATA",  "SETMETADATA", "NOTIFY",   "GENURLAUTH", "RESETKEY",  "URLFETCH",       "ESEARCH",
    "CHECK",        "CLOSE",       "UNSELECT", "EXPUNGE",    "SEARCH",    "SORT",           "THREAD",
    "CANCELUPDATE", "FETCH",       "STORE",    "COPY",       "REPLACE"};
static_assert(std::size(kVerbs) == std::variant_size_v<Command>);

}  // namespace

std::expected<Request, SyntaxError> parse_request(std::string text, const ParseOptions& options) {
  Parser parser(std::move(text), options);
  Request request;
  const Entry* entry = parser.take_tag(request.tag) ? take_command(parser) : nullptr;
  if (entry) {
    if (auto command = entry->parse(parser); command && parser.end()) {
      request.command = *std::move(command);
      return request;
    }
  }
  SyntaxError error = parser.take_error();
  error.tag = std::move(request.tag);
  return std::unexpected(std::move(error));
}

std::string verb(const Command& command) {
  if (auto* select = std::get_if<Select>(&command)) return select->examine ? "EXAMINE" : "SELECT";
  if (auto* subscribe = std::get_if<Subscribe>(&command))
    return subscribe->unsubscribe ? "UNSUBSCRIBE" : "SUBSCRIBE";
  if (auto* list = std::get_if<List>(&command)) return list->lsub ? "LSUB" : "LIST";
  if (auto* copy = std::get_if<Copy>(&command))
    return std::string(copy->uid ? "UID " : "") + (copy->move ? "MOVE" : "COPY");
  bool uid = std::visit(
      [](const auto& c) {
        if constexpr (requires { c.uid; })
          return c.uid;
        else if constexpr (requires { c.uids; })
          return c.uids.has_value();
        else
          return false;
      },
      command);
  return (uid ? "UID " : "") + std::string(kVerbs[command.index()]);
}

}  // namespace pabal::proto::imap
