// What STATUS tells of a mailbox (RFC 9051 §6.3.11).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/imap/command.h"
#include "reading/views.h"
#include "store/mailboxes.h"

namespace pabal::serve::imap {

struct MailboxStatus {
  MailboxId id;
  AccountId reader;  // whose \Seen counts, as Place says
  uint64_t messages = 0, octets = 0;
  uint64_t recent = 0;  // if it was asked for
  uint64_t uid_next = 0, uid_validity = 0, modseq = 0;
  store::FlagTally flags;  // unseen: count_own_unseen() counts it for a reader
};

// Some of these count flags.
bool needs_flags(const std::vector<proto::imap::StatusItem>& items);
bool has_item(const std::vector<proto::imap::StatusItem>& items, proto::imap::StatusItem item);

MailboxStatus status_of(const store::Mailbox& mailbox, AccountId reader);
// As the view's reader sees it; the view is up to date.
MailboxStatus status_of(const reading::View& view);

struct StatusForm {
  const std::vector<proto::imap::StatusItem>& items;
  uint64_t append_limit = 0;
  bool utf8 = false;
};
// Appends "* STATUS name (MESSAGES 231 UIDNEXT 44292)\r\n".
void put_status(std::string& out, std::string_view name, const MailboxStatus& status, const StatusForm& form);

}  // namespace pabal::serve::imap
