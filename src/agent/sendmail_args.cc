#include "agent/sendmail.h"
#include "base/bytes.h"

namespace pabal::agent {

namespace {

// Options of Sendmail that take a value, glued to them or in the next word; what is
// not in SendmailArgs is read and let pass.
constexpr std::string_view kWithValue = "ABCFLNOpRrVXfho";
// These have a value only if it is glued to them.
constexpr std::string_view kGluedOnly = "bdeq";
constexpr std::string_view kAlone = "cGiIkmnstUvx";

std::expected<proto::smtp::NotifySet, std::string> parse_notify(std::string_view text) {
  proto::smtp::NotifySet notify;
  for (std::string_view word : split(text, ',')) {
    if (iequals(word, "never")) {
      notify.never = true;
    } else if (iequals(word, "success")) {
      notify.success = true;
    } else if (iequals(word, "failure")) {
      notify.failure = true;
    } else if (iequals(word, "delay")) {
      notify.delay = true;
    } else {
      return std::unexpected("-N takes never, or success, failure and delay with commas between");
    }
  }
  if (notify.never && (notify.success || notify.failure || notify.delay))
    return std::unexpected("-N never stands alone (RFC 3461 §4.1)");
  return notify;
}

std::optional<std::string> set_option(SendmailArgs& parsed, char option, const std::string& value) {
  switch (option) {
    case 'f':
    case 'r':
      parsed.sender = value;
      break;
    case 'F':
      parsed.full_name = value;
      break;
    case 'N': {
      auto notify = parse_notify(value);
      if (!notify) return notify.error();
      parsed.notify = *notify;
      break;
    }
    case 'R':
      if (!iequals(value, "full") && !iequals(value, "hdrs")) return "-R takes full or hdrs";
      parsed.ret = iequals(value, "full") ? proto::smtp::Ret::full : proto::smtp::Ret::headers;
      break;
    case 'V':
      if (value.size() > proto::smtp::kEnvidMax) return "the envelope id of -V is too long";
      parsed.envid = value;
      break;
    case 'o':
      if (value == "i") parsed.dot_ends = false;
      break;
    default:
      break;
  }
  return std::nullopt;
}

std::optional<std::string> set_mode(SendmailArgs& parsed, const std::string& mode) {
  if (mode == "m") return std::nullopt;
  if (mode == "p") {
    parsed.instead = {"queue", "list"};
    return std::nullopt;
  }
  if (mode == "s") return "-bs is not here: speak SMTP with the server on port 25 instead";
  if (mode == "d" || mode == "D" || mode == "l") return "-bd is not here: use `pabal serve`";
  if (mode == "i") return "-bi is not here: aliases are never built, see `pabal alias`";
  if (mode == "v") return "-bv is not here: `pabal account list` and `pabal alias list` say who gets what";
  return "-b" + mode + " is not here: only -bm and -bp are";
}

// "-q" tries all that waits, "-qRdomain" what goes there, "-qIid" one mail; "-q5m"
// is how often a server does so.
void set_queue_run(SendmailArgs& parsed, const std::string& value) {
  parsed.instead = {"queue", "retry", "--json"};
  if (value.starts_with('R')) {
    parsed.instead.insert(parsed.instead.end(), {"--destination", value.substr(1)});
  } else if (value.starts_with('I')) {
    parsed.instead.push_back(value.substr(1));
  } else if (value.empty()) {
    parsed.instead.push_back("--all");
  } else {
    parsed.instead.clear();
  }
}

// One word of options: "-ti", "-tfalice@x.test", "-f". takes_next: it wants the word behind.
std::optional<std::string> read_word(SendmailArgs& parsed, const std::string& word, const std::string* next,
                                     bool& takes_next) {
  for (size_t i = 1; i < word.size(); ++i) {
    char option = word[i];
    if (option == 't') parsed.recipients_from_header = true;
    if (option == 'i') parsed.dot_ends = false;
    if (option == 'v') parsed.verbose = true;
    if (kAlone.find(option) != std::string_view::npos) continue;
    std::string value = word.substr(i + 1);
    if (option == 'b') return set_mode(parsed, value);
    if (option == 'q') {
      set_queue_run(parsed, value);
      return std::nullopt;
    }
    if (kGluedOnly.find(option) != std::string_view::npos) return std::nullopt;
    if (kWithValue.find(option) == std::string_view::npos)
      return "there is no option -" + std::string(1, option);
    takes_next = value.empty();
    if (takes_next && next == nullptr) return "-" + std::string(1, option) + " needs a value";
    return set_option(parsed, option, takes_next ? *next : value);
  }
  return std::nullopt;
}

}  // namespace

std::expected<SendmailArgs, std::string> parse_sendmail_args(const std::vector<std::string>& args) {
  SendmailArgs parsed;
  size_t at = 0;
  while (at < args.size() && args[at].size() >= 2 && args[at][0] == '-') {
    const std::string& word = args[at++];
    if (word == "--") break;
    bool takes_next = false;
    auto error = read_word(parsed, word, at < args.size() ? &args[at] : nullptr, takes_next);
    if (error) return std::unexpected(*error);
    if (takes_next) ++at;
  }
  parsed.recipients.assign(args.begin() + static_cast<ptrdiff_t>(at), args.end());
  if (!parsed.recipients.empty() || parsed.recipients_from_header) parsed.instead.clear();
  if (!parsed.instead.empty()) return parsed;
  if (parsed.recipients.empty() && !parsed.recipients_from_header)
    return std::unexpected("nobody to send to: name recipients, or use -t to take them from the header");
  return parsed;
}

}  // namespace pabal::agent
