// What is left of the world outside: the calendar, randomness, the log.
#pragma once

#include <mutex>

#include "io/world.h"

namespace pabal::os {

class SystemClock final : public io::Clock {
 public:
  Time now() override;
};

// getrandom(2).
class SystemRandom final : public io::Random {
 public:
  void fill(std::span<char> into) override;
};

struct LogOptions {
  enum class Format { text, json } format = Format::text;
  LogLevel level = LogLevel::info;  // what is below is dropped
  std::string path;                 // empty: standard error
};

// One line per record, with the UTC time in front, written with one call, so
// that records of several threads do not mix. A log that cannot be written
// stops nobody.
class StreamLog final : public Log {
 public:
  // Throws IoError when the file cannot be opened for appending.
  explicit StreamLog(const LogOptions& options, io::Clock& clock);
  ~StreamLog() override;
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;

 private:
  LogOptions options_;
  io::Clock& clock_;
  int fd_;
  std::mutex mutex_;
};

// Allows this process as many open files as the system lets it have (ten
// thousand sessions need as many); what it now may have.
size_t raise_open_files_limit();

// For a process that serves: blocks of a MiB and more (what Argon2 fills, large
// mails) go back to the system when they are freed, and some MiB of smaller ones
// stay, where giving back and asking again would be two system calls per mail.
void set_memory_policy();

}  // namespace pabal::os
