#include "deliver/envelope.h"

#include "base/bytes.h"
#include "proto/smtp/path.h"
#include "proto/smtp/xtext.h"

namespace pabal::deliver {

namespace {

namespace smtp = proto::smtp;

// The address for a server without SMTPUTF8: the domain has an ASCII form, the
// local-part has none (RFC 6531 §3.2).
std::optional<std::string> ascii_path(const mail::Address& address) {
  if (!is_ascii(address.local)) return std::nullopt;
  auto domain = mail::to_ascii_domain(address.domain);
  if (!domain) return std::nullopt;
  return smtp::path_text({address.local, *domain});
}

std::string notify_value(const smtp::NotifySet& notify) {
  if (notify.never) return "NEVER";
  std::vector<std::string> names;
  if (notify.success) names.emplace_back("SUCCESS");
  if (notify.failure) names.emplace_back("FAILURE");
  if (notify.delay) names.emplace_back("DELAY");
  return join(names, ",");
}

}  // namespace

bool is_international(const std::string& reverse_path) {
  return !is_ascii(reverse_path);
}

std::optional<std::string> mail_command(const Outgoing& mail, const Form& form, const smtp::Capabilities& can,
                                        bool smtputf8) {
  const store::MessageRecord& record = mail.record();
  std::string path = record.reverse_path;
  if (is_international(path) && !can.smtputf8) {
    auto address = mail::parse_address(path, true);
    auto ascii = address ? ascii_path(*address) : std::nullopt;
    if (!ascii) return std::nullopt;
    path = *ascii;
  }
  std::string line = "MAIL FROM:<" + path + ">";
  if (can.size) line += " SIZE=" + std::to_string(form.text.size());
  if (form.body == smtp::Body::binary_mime) {
    line += " BODY=BINARYMIME";
  } else if (form.body == smtp::Body::eight_bit_mime) {
    line += " BODY=8BITMIME";
  }
  if (smtputf8) line += " SMTPUTF8";
  if (can.dsn && record.ret != store::Ret::unset)
    line += record.ret == store::Ret::full ? " RET=FULL" : " RET=HDRS";
  if (can.dsn && !record.envid.empty()) line += " ENVID=" + smtp::xtext_encode(record.envid);
  return line;
}

std::optional<std::string> rcpt_command(const queue::Entry& entry, const smtp::Capabilities& can) {
  std::string path = smtp::path_text(entry.forward_path);
  if (!is_ascii(path) && !can.smtputf8) {
    auto ascii = ascii_path(entry.forward_path);
    if (!ascii) return std::nullopt;
    path = *ascii;
  }
  std::string line = "RCPT TO:<" + path + ">";
  if (!can.dsn) return line;
  if (!entry.notify.is_unset()) line += " NOTIFY=" + notify_value(entry.notify);
  if (entry.orcpt) {
    bool utf8 = entry.orcpt->addr_type == "utf-8";
    line += " ORCPT=" + entry.orcpt->addr_type + ';' +
            (utf8 ? smtp::utf8_addr_xtext_encode(entry.orcpt->address)
                  : smtp::xtext_encode(entry.orcpt->address));
  }
  return line;
}

}  // namespace pabal::deliver
