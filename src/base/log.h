// One event, one line: a name ("smtp.accepted") and fields. Values from outside
// are made printable by the sink; passwords and message text never go in.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace pabal {

enum class LogLevel { debug, info, warning, error };

struct LogField {
  std::string_view key;
  std::string_view text;
  int64_t number = 0;
  bool is_number = false;

  LogField(std::string_view k, std::string_view v) : key(k), text(v) {}
  LogField(std::string_view k, const char* v) : key(k), text(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), text(v) {}
  template <class N>
    requires std::is_integral_v<N>
  LogField(std::string_view k, N v) : key(k), number(static_cast<int64_t>(v)), is_number(true) {}
};

class Log {
 public:
  virtual ~Log() = default;
  // Safe to call from any thread.
  virtual void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) = 0;

  void debug(std::string_view e, std::initializer_list<LogField> f = {}) { write(LogLevel::debug, e, f); }
  void info(std::string_view e, std::initializer_list<LogField> f = {}) { write(LogLevel::info, e, f); }
  void warning(std::string_view e, std::initializer_list<LogField> f = {}) { write(LogLevel::warning, e, f); }
  void error(std::string_view e, std::initializer_list<LogField> f = {}) { write(LogLevel::error, e, f); }
};

// One record as the sinks print it, without the time and the newline.
std::string format_text(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);
std::string format_json(LogLevel level, std::string_view event, std::initializer_list<LogField> fields);

// `text` as the inside of a JSON string, without the quotes.
std::string json_escape(std::string_view text);

}  // namespace pabal
