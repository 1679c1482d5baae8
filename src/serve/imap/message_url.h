// Messages that the URLs of one command name: many of them may name parts of the
// same one (CATENATE, URLFETCH), which is read and looked through once.
#pragma once

#include <list>
#include <memory>
#include <string>

#include "mail/message.h"
#include "store/store.h"

namespace pabal::serve::imap {

class UrlMessages {
 public:
  // octets_max: of messages that are kept; the last one always is.
  UrlMessages(store::Store& store, uint64_t octets_max) : store_(store), octets_max_(octets_max) {}

  struct Message {
    MessageId id;
    AccountId reader;
    std::string bytes;  // as the reader gets them
    mail::Part root;    // of the bytes
  };
  // nullptr: gone or damaged. Throws StoreError.
  rt::Task<std::shared_ptr<const Message>> find(MessageId id, AccountId reader);

 private:
  store::Store& store_;
  const uint64_t octets_max_;
  uint64_t octets_ = 0;
  std::list<std::shared_ptr<const Message>> kept_;  // last used first
};

}  // namespace pabal::serve::imap
