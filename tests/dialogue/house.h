// House: the server that the dialogues in tests/dialogues are played against,
// and what must hold of it afterwards whatever broke in between.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/config.h"
#include "app/server.h"
#include "sim/dialogue.h"
#include "store/store.h"

namespace pabal::test {

struct Script {
  std::string name;  // "smtp-idle": its first word names the listener
  sim::Dialogue dialogue;
  bool waits = false;  // lets time pass: for the virtual clock only
};

// All of tests/dialogues, by name.
const std::vector<Script>& scripts();

// mx.seoul.test with small limits, listening at `ip` on the ports smtp,
// submission, lmtp, pop3 in this order; 0 lets the system choose.
app::Config house_config(const std::string& ip, const std::string& directory,
                         const std::vector<uint16_t>& ports);
size_t listener_of(const Script& script);
// Whether Alice is a member of team@seoul.test in its house.
bool has_group(const Script& script);

// seoul.test with alice@, password "secret" when the script logs in, and three mails
// in her mailbox for a POP3 script.
rt::Task<void> furnish(store::Store& store, io::World& world, const Script& script);

// The ids of the mails that the server said it had accepted.
std::vector<std::string> acknowledged(const std::vector<std::string>& transcript);

// Each of `ids` is in a mailbox or in the queue, or a DSN about it is; those that are not.
// UIDs of alice's INBOX that APPEND told (RFC 4315 §3) and that are not there.
std::vector<std::string> lost_appends(store::Store& store, const std::vector<std::string>& transcript);

std::vector<std::string> lost(store::Store& store, const std::vector<std::string>& ids);

}  // namespace pabal::test
