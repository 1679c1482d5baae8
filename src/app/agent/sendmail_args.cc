#include "app/agent/sendmail.h"
#include "base/bytes.h"

namespace pabal::app::agent {

namespace {

// Options of Sendmail that take a value in the next word when it is not glued
// to them; what is not in SendmailArgs is read and let pass.
constexpr std::string_view kWithValue = "fFrNRVBhLoOpCdXqA";
// These stand alone, or with the value glued to them.
constexpr std::string_view kGluedOnly = "oqd";

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

std::optional<std::string> refuse_mode(const std::string& mode) {
  if (mode == "m") return std::nullopt;
  if (mode == "s") return "-bs is not here: speak SMTP with the server on port 25 instead";
  if (mode == "p") return "-bp is not here: use `pabal queue list`";
  if (mode == "d" || mode == "D") return "-bd is not here: use `pabal serve`";
  return "-b" + mode + " is not here: only -bm is";
}

}  // namespace

std::expected<SendmailArgs, std::string> parse_sendmail_args(const std::vector<std::string>& args) {
  SendmailArgs parsed;
  bool options_end = false;
  for (size_t i = 0; i < args.size(); ++i) {
    const std::string& word = args[i];
    if (options_end || word.size() < 2 || word[0] != '-') {
      parsed.recipients.push_back(word);
      continue;
    }
    if (word == "--") {
      options_end = true;
      continue;
    }
    char option = word[1];
    std::string value = word.substr(2);
    if (option == 'b') {
      if (auto error = refuse_mode(value)) return std::unexpected(*error);
      continue;
    }
    if (kWithValue.find(option) != std::string_view::npos) {
      if (value.empty() && kGluedOnly.find(option) == std::string_view::npos) {
        if (++i == args.size()) return std::unexpected(word + " needs a value");
        value = args[i];
      }
      if (auto error = set_option(parsed, option, value)) return std::unexpected(*error);
      continue;
    }
    // Letters that may be glued together: -ti.
    for (char c : std::string_view(word).substr(1)) {
      if (c == 't') parsed.recipients_from_header = true;
      if (c == 'i') parsed.dot_ends = false;
      if (c == 'v') parsed.verbose = true;
      if (std::string_view("tivmnGUs").find(c) == std::string_view::npos)
        return std::unexpected("there is no option -" + std::string(1, c));
    }
  }
  if (parsed.recipients.empty() && !parsed.recipients_from_header)
    return std::unexpected("nobody to send to: name recipients, or use -t to take them from the header");
  return parsed;
}

}  // namespace pabal::app::agent
