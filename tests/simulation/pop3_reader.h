// A mailbox's owner: fetches by POP3 and keeps a model of what must be there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "io/world.h"
#include "ledger.h"
#include "rt/task.h"
#include "sim/random.h"
#include "tls/context.h"

namespace pabal::simulation {

class Pop3Reader {
 public:
  Pop3Reader(io::World& world, tls::ClientContext& tls, io::Endpoint server, std::string address,
             Ledger& ledger, uint64_t seed)
      : world_(world),
        tls_(tls),
        server_(server),
        address_(std::move(address)),
        ledger_(ledger),
        random_(seed) {}

  enum class Purpose {
    fetch,      // what is new, and delete some
    look,       // what is new
    check_all,  // everything once more, byte by byte
  };
  // One session. True if it went through to its end.
  rt::Task<bool> visit(Purpose purpose);

  const std::string& address() const { return address_; }
  // Mail of this server may rot from now on: that it does not get one mail does
  // not keep it from the others.
  void expect_rot() { rot_expected_ = true; }
  struct Unreadable {
    int64_t uid;
    bool retrieved;  // at a time when it could still be read
  };
  // What was there, the last time it looked, and was not given to it.
  std::vector<Unreadable> unreadable() const;

 private:
  // perhaps: QUIT got no OK. What the server could not commit may come to life when
  // power is lost before its next commit, so this stays open as long as it is there.
  enum class State { present, perhaps, gone };
  struct Known {
    State state = State::present;
    bool retrieved = false;
    bool unreadable = false;
    std::string mail;
  };
  rt::Task<void> session(Purpose purpose);
  void compare(const std::map<std::string, size_t>& listed);

  io::World& world_;
  tls::ClientContext& tls_;
  io::Endpoint server_;
  std::string address_;
  Ledger& ledger_;
  sim::SimRandom random_;
  std::map<std::string, Known> known_;  // by unique id
  std::string highest_;                 // unique id
  bool rot_expected_ = false;
};

}  // namespace pabal::simulation
