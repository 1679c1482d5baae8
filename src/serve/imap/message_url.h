// What the URLs of one command name (CATENATE, URLFETCH): of each the octets that it
// names are read, and a message that had to be read whole for one serves the others
// as well.
#pragma once

#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/imap/url.h"
#include "serve/imap/fetch_batch.h"

namespace pabal::serve::imap {

class UrlMessages {
 public:
  // octets_max: of messages that are kept; the last one always is.
  UrlMessages(reading::Context& reading, uint64_t octets_max) : reading_(reading), octets_max_(octets_max) {}

  // `section` of a message, or all of it, in a mailbox of this owner; nullopt: there is no
  // such part, or the message is gone or damaged. Throws StoreError.
  rt::Task<std::optional<std::string>> read(reading::Item item, AccountId owner,
                                            std::optional<proto::imap::Section> section,
                                            std::optional<proto::imap::Partial> partial);

 private:
  // A message that was read whole.
  struct Kept {
    std::shared_ptr<const store::MessageBytes> message;
    AccountId owner;
    mail::Outline outline;
  };
  const Kept* find(MessageId message, AccountId owner);
  const Kept& keep(std::shared_ptr<const store::MessageBytes> message, AccountId owner);

  reading::Context& reading_;
  const uint64_t octets_max_;
  uint64_t octets_ = 0;
  std::list<Kept> kept_;  // last used first
};

}  // namespace pabal::serve::imap
