// Bit rot: one bit of a mail that lies in a segment turns over. Only that mail
// may suffer, and its reader, its sender and `store check` have to notice.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger.h"
#include "sim/world.h"
#include "store/check.h"

namespace pabal::simulation {

class Pop3Reader;
class ImapModel;

// A record of a segment, as it was before it rotted.
struct RottenRecord {
  int64_t segment = 0;
  uint64_t offset = 0;
  std::string hash;  // SHA-256 of bytes
  std::string bytes;
};

class Rot {
 public:
  Rot(sim::SimHost& host, Ledger& ledger) : host_(host), ledger_(ledger) {}

  // Turns one bit over in one of the records that lie safely on the disk, header
  // or bytes. The host may be running or down.
  void strike(uint64_t amount);
  bool has_struck() const { return !records_.empty(); }

  // At the end. `findings` of the store's check are exactly the rotten records
  // that something still refers to; what the readers could not read is exactly
  // what these say. Unread mail counts as found: it is where it belongs.
  rt::Task<void> compare(std::vector<store::Finding> findings, const std::vector<Pop3Reader*>& readers,
                         ImapModel& imap);

 private:
  struct Reference {
    int64_t message;
    const RottenRecord* record;
  };
  void forget_overwritten();
  rt::Task<std::vector<Reference>> references();
  using Affected = std::map<std::pair<std::string, int64_t>, const RottenRecord*>;  // by mailbox and UID
  void compare_imap(ImapModel& imap, const Affected& affected);
  void expect_logged(const std::string& event, const std::string& address);
  void compare_reader(Pop3Reader& reader, const Affected& affected);

  sim::SimHost& host_;
  Ledger& ledger_;
  std::vector<RottenRecord> records_;
};

}  // namespace pabal::simulation
