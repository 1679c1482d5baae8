#include "proto/dsn/explanation.h"

#include <optional>
#include <string_view>

#include "proto/smtp/status.h"

namespace pabal::proto::dsn {

namespace {

struct Meaning {
  uint16_t subject;
  uint16_t detail;
  std::string_view text;
};

// RFC 3463 §3; 1.10 and 7.x from its registry (RFC 7505, RFC 7372).
constexpr Meaning kMeanings[] = {
    {1, 1, "There is no such mailbox. Please check the part of the address before the @."},
    {1, 2, "There is no such mail domain. Please check the part of the address behind the @."},
    {1, 3, "The address is not written as an address must be. Please check its spelling."},
    {1, 6, "The mailbox has moved and no new address is known."},
    {1, 10, "This domain says that it takes no mail at all. Please check the part behind the @."},
    {2, 1, "The mailbox exists but takes no mail at present. Please reach the person in another way."},
    {2, 2, "The mailbox is full. Please tell its owner in another way, or try again later."},
    {2, 3, "The mail is bigger than this mailbox takes. Please send less, or a link to it."},
    {3, 1, "The receiving server has no room left."},
    {3, 2, "The receiving server takes no mail at present."},
    {3, 4, "The mail is bigger than the receiving server takes. Please send less, or a link to it."},
    {4, 1, "The receiving server did not answer."},
    {4, 2, "The connection to the receiving server broke again and again."},
    {4, 3, "The directory of names (DNS) could not be asked about the receiving domain."},
    {4, 4, "No way to the receiving domain could be found."},
    {4, 6, "The mail went round in a circle between servers. Their operators have to correct that."},
    {4, 7, "The receiving server could not be reached, or did not take the mail, for too long."},
    {6, 3, "The mail has content that the receiving server cannot take and that could not be converted."},
    {6, 7, "The address or subject needs international mail (SMTPUTF8), which the receiving server lacks."},
    {7, 1, "The receiving server does not want this mail; its reason stands below."},
    {7, 10, "The connection to the receiving server could not be encrypted as it must be."},
    {7, 25,
     "The receiving server refuses the address that the mail came from; our operator has to correct that."},
    {7, 26, "The receiving server could not confirm that this mail comes from its sender's domain."},
};

std::optional<std::string_view> meaning_of(std::string_view text) {
  auto status = smtp::parse_status(text);
  if (!status) return std::nullopt;
  for (const Meaning& meaning : kMeanings)
    if (meaning.subject == status->subject && meaning.detail == status->detail) return meaning.text;
  return std::nullopt;
}

}  // namespace

std::string explain(const RecipientStatus& recipient) {
  if (!recipient.explanation.empty()) return recipient.explanation;
  switch (recipient.action) {
    case Action::delivered:
      return "The mail is in the mailbox.";
    case Action::relayed:
      return "The mail was handed over to a server that does not report delivery; nothing more will be heard "
             "of it.";
    case Action::expanded:
      return "The mail was sent on to the members of a list; nothing more will be heard of it.";
    case Action::failed:
      if (auto meaning = meaning_of(recipient.status)) return std::string(*meaning);
      return "The receiving server refused the mail for good.";
    case Action::delayed:
      if (auto meaning = meaning_of(recipient.status); meaning && recipient.status != "4.4.7")
        return std::string(*meaning);
      return "The receiving server could not be reached, or did not take the mail yet.";
  }
  return "";
}

}  // namespace pabal::proto::dsn
