// What several commands do with access control lists (RFC 4314).
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "reading/rights.h"
#include "store/store.h"

namespace pabal::serve::imap {

// Appends "* MYRIGHTS name lrswipkxteacd\r\n".
void put_my_rights(std::string& out, std::string_view name, reading::Rights rights, bool utf8);

// What is made below a mailbox begins with its ACL (RFC 4314 §4).
void inherit_acl(store::Transaction& tx, AccountId owner, std::string_view name, MailboxId made);

}  // namespace pabal::serve::imap
