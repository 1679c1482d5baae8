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

// One line per record, written with one call, so that records of several threads
// do not mix. A log that cannot be written stops nobody. In front stands the
// time; on systemd's journal, which has one of its own, the priority (sd-daemon(3)).
class StreamLog final : public Log {
 public:
  // Throws IoError when the file cannot be opened for appending.
  explicit StreamLog(const LogOptions& options, io::Clock& clock);
  ~StreamLog() override;
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) override;

  // The file was renamed (logrotate): from now on into a new one of its name.
  // Throws IoError when there can be none; then it stays with the old one.
  void reopen();

 private:
  LogOptions options_;
  io::Clock& clock_;
  bool journal_;
  int fd_;
  std::mutex mutex_;
};

// What standard error leads to is systemd's journal (JOURNAL_STREAM of systemd.exec(5)).
bool stderr_is_journal();
// "<3>": the priority by which the journal files a line that begins with it.
std::string journal_priority(LogLevel level);

// Allows this process as many open files as the system lets it have (ten
// thousand sessions need as many); what it now may have.
size_t raise_open_files_limit();

// For a process that serves: blocks of a MiB and more (what Argon2 fills, large
// mails) go back to the system when they are freed, and some MiB of smaller ones
// stay, where giving back and asking again would be two system calls per mail.
void set_memory_policy();

}  // namespace pabal::os
