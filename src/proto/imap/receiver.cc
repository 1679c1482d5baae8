#include "proto/imap/receiver.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "proto/imap/parser.h"

namespace pabal::proto::imap {

namespace {

constexpr size_t kMarkerOctetsMax = 32;               // "~{18446744073709551615+}" and some leading zeros
constexpr size_t kTailOctets = 2 * kMarkerOctetsMax;  // of a line that is read past
constexpr size_t kKeptOctets = 512;                   // capacity that stays for the next command
constexpr size_t kLiteralChunk = 64 * 1024;
constexpr size_t kTrustedOctets = 1024 * 1024;
constexpr size_t kBehindLiteral = 64;  // room for what usually stands there

// APPEND, REPLACE or UID REPLACE: how many words stand before the literal that
// names the mailbox, tag and command counted; 0 for other commands.
size_t words_before_mailbox(std::string_view text) {
  std::string_view tag = leading_tag(text);
  text.remove_prefix(tag.size());
  for (auto [command, words] :
       {std::pair(" APPEND ", 2), std::pair(" REPLACE ", 3), std::pair(" UID REPLACE ", 4)})
    if (!tag.empty() && istarts_with(text, command)) return static_cast<size_t>(words);
  return 0;
}

size_t count_words(std::string_view text) {
  size_t words = 0;
  for (size_t at = 0; at < text.size(); ++at) words += text[at] != ' ' && (at == 0 || text[at - 1] == ' ');
  return words;
}

}  // namespace

// Only the last octets of the line count, so that a line that is read past
// without being kept is understood the same.
Receiver::Marker Receiver::find_marker(std::string_view line) {
  Marker marker;
  if (!line.ends_with('}')) return marker;
  size_t end = line.size() - 1;
  if (end > 0 && line[end - 1] == '+') {
    marker.synchronizing = false;
    --end;
  }
  std::string_view window = line.substr(0, end);
  if (window.size() > kMarkerOctetsMax) window.remove_prefix(window.size() - kMarkerOctetsMax);
  size_t brace = window.rfind('{');
  if (brace == std::string_view::npos) {
    if (window.size() == kMarkerOctetsMax && std::ranges::all_of(window, is_digit))
      marker.kind = Marker::too_long;
    return marker;
  }
  std::string_view number = window.substr(brace + 1);
  bool digits = std::ranges::all_of(number, is_digit);
  if (auto octets = parse_uint(number)) {
    marker.kind = Marker::literal;
    marker.octets = *octets;
    marker.at = end - number.size() - 1;
    if (marker.at > 0 && line[marker.at - 1] == '~') --marker.at;
  } else if (number.empty() || (!digits && !marker.synchronizing)) {
    marker.kind = Marker::malformed;
  } else if (digits) {
    marker.kind = Marker::too_long;
  }
  return marker;
}

void Receiver::next() {
  text_.clear();
  if (text_.capacity() > kKeptOctets) std::string().swap(text_);
  tag_.clear();
  error_code_.clear();
  error_text_.clear();
  error_no_ = finished_ = literals_ = takes_message_ = refusing_ = false;
  line_begin_ = beside_ = line_octets_ = literal_left_ = message_octets_ = skipped_ = 0;
}

std::string Receiver::take_command() {
  // What is small leaves its room to the next one.
  std::string command = text_.capacity() > kKeptOctets ? std::move(text_) : text_;
  next();
  return command;
}

Receiver::Result Receiver::finish(Result::Kind kind, size_t taken) {
  finished_ = true;
  if (kind == Result::refused || kind == Result::broken) std::string().swap(text_);
  return {kind, taken};
}

// std::string doubles its capacity, also beyond a limit; this does not.
void Receiver::make_room(size_t octets) {
  size_t need = text_.size() + octets;
  if (need <= text_.capacity()) return;
  size_t likely = literal_left_ > 0 ? line_begin_ + kBehindLiteral : limits_.command_octets_max;
  // Of a literal of which so much has come the rest will come, too: then there is room for
  // all of it at once, and it is not copied from one room to the next.
  const bool trusted = literal_left_ > 0 && text_.size() >= kTrustedOctets;
  std::string larger;
  larger.reserve(std::max(need, trusted ? likely : std::min(2 * text_.capacity(), likely)));
  larger.append(text_);
  text_.swap(larger);
}

// From here on the command is read past. The tag is read before text_ shrinks.
void Receiver::refuse(std::string text, std::string_view code) {
  if (text_.find(' ') != std::string::npos) tag_ = leading_tag(text_);
  error_text_ = std::move(text);
  error_code_ = code;
  error_no_ = code == "TOOBIG" && takes_message_;
  refusing_ = true;
  std::string tail = text_.substr(std::max(line_begin_, text_.size() - std::min(text_.size(), kTailOctets)));
  text_.swap(tail);
  line_begin_ = 0;
}

void Receiver::take_line_octets(std::string_view octets) {
  if (!refusing_) {
    size_t room = std::min(limits_.line_octets_max - std::min(line_octets_, limits_.line_octets_max),
                           limits_.command_octets_max - std::min(beside_, limits_.command_octets_max));
    std::string_view kept = octets.substr(0, room);
    size_t nul = kept.find('\0');
    kept = kept.substr(0, nul);
    make_room(kept.size());
    text_.append(kept);
    line_octets_ += kept.size();
    beside_ += kept.size();
    octets.remove_prefix(kept.size());
    if (octets.empty()) return;
    if (nul != std::string_view::npos)
      refuse("A command holds no NUL outside of a literal8");
    else
      refuse("A command has at most " +
             std::to_string(std::min(limits_.line_octets_max, limits_.command_octets_max)) +
             " octets beside its literals");
  }
  skipped_ += octets.size();
  if (octets.size() > kTailOctets) octets.remove_prefix(octets.size() - kTailOctets);
  text_.append(octets);
  if (text_.size() > 2 * kTailOctets) text_.erase(0, text_.size() - kTailOctets);
}

// RFC 3502, RFC 4469, RFC 8508: of APPEND and REPLACE every literal is one of a
// message but the one that names the mailbox, which comes first.
bool Receiver::is_message_literal(const Marker& marker) {
  if (std::exchange(literals_, true)) return takes_message_;
  if (limits_.append_octets_max == 0) return false;
  std::string_view before = std::string_view(text_).substr(0, marker.at);
  size_t words = words_before_mailbox(before);
  takes_message_ = words > 0;
  return takes_message_ && count_words(before) != words;
}

bool Receiver::fits(const Marker& marker, bool message) {
  if (!message)
    return marker.octets <= limits_.literal_octets_max && beside_ <= limits_.command_octets_max &&
           marker.octets <= limits_.command_octets_max - beside_;
  size_t all_max = std::max(limits_.append_command_octets_max, limits_.append_octets_max);
  return marker.octets <= limits_.append_octets_max && message_octets_ <= all_max &&
         marker.octets <= all_max - message_octets_;
}

Receiver::Result::Kind Receiver::begin_literal(const Marker& marker) {
  bool message = is_message_literal(marker);
  if (!marker.synchronizing && marker.octets > limits_.non_synchronizing_max)
    refuse("A literal that does not wait ({n+}) has at most " +
               std::to_string(limits_.non_synchronizing_max) + " octets here; send it as {n}",
           "TOOBIG");
  else if (marker.kind == Marker::malformed)
    refuse("A literal is written {n} or {n+}, n its number of octets");
  else if (marker.kind == Marker::too_long || !fits(marker, message))
    refuse("The literal is too big; at most " +
               std::to_string(message ? limits_.append_octets_max : limits_.literal_octets_max) +
               " octets may stand in one",
           "TOOBIG");
  if (refusing_) return end_skipped_line(marker);

  make_room(2);
  text_ += "\r\n";
  beside_ += 2;
  literal_left_ = static_cast<size_t>(marker.octets);
  line_begin_ = text_.size() + literal_left_;
  (message ? message_octets_ : beside_) += literal_left_;
  return marker.synchronizing ? Result::continuation : Result::more;
}

// At the end of a line of a command that is read past. Who waits for "+ " gets
// the refusal in its place and goes on with the next command.
Receiver::Result::Kind Receiver::end_skipped_line(const Marker& marker) {
  if (marker.kind == Marker::none || marker.synchronizing) return Result::refused;
  if (marker.kind != Marker::literal ||
      marker.octets > kSkippedOctetsMax - std::min(skipped_, kSkippedOctetsMax))
    return Result::broken;
  literal_left_ = static_cast<size_t>(marker.octets);
  skipped_ += literal_left_;
  text_.clear();
  return Result::more;
}

// A bare LF ends a line, too: clumsy clients send it.
Receiver::Result::Kind Receiver::end_line() {
  if (text_.size() > line_begin_ && text_.back() == '\r') text_.pop_back();
  Marker marker = find_marker(std::string_view(text_).substr(line_begin_));
  if (refusing_) return end_skipped_line(marker);
  return marker.kind == Marker::none ? Result::command : begin_literal(marker);
}

Receiver::Result Receiver::feed(std::string_view bytes) {
  if (finished_) next();
  size_t taken = 0;
  while (taken < bytes.size()) {
    std::string_view rest = bytes.substr(taken);
    if (literal_left_ > 0) {
      std::string_view octets = rest.substr(0, literal_left_);
      if (!refusing_) {
        make_room(std::max(octets.size(), std::min(literal_left_, kLiteralChunk)));
        text_.append(octets);
      }
      literal_left_ -= octets.size();
      taken += octets.size();
      continue;
    }
    size_t line_end = rest.find('\n');
    take_line_octets(rest.substr(0, line_end));
    taken += std::min(line_end, rest.size());
    if (skipped_ > kSkippedOctetsMax) return finish(Result::broken, taken);
    if (line_end == std::string_view::npos) break;
    ++taken;
    Result::Kind kind = end_line();
    if (kind == Result::continuation) return {kind, taken};
    if (kind != Result::more) return finish(kind, taken);
  }
  return {Result::more, taken};
}

Receiver::Result Receiver::feed_line(std::string_view bytes, size_t max) {
  if (finished_) next();
  size_t line_end = bytes.find('\n');
  std::string_view octets = bytes.substr(0, line_end);
  size_t taken = octets.size();
  // One more than `max`, for its CR.
  bool fits = octets.size() <= max + 1 - std::min(text_.size(), max + 1);
  if (fits) {
    text_.append(octets);
    if (line_end == std::string_view::npos) return {Result::more, taken};
    if (text_.ends_with('\r')) text_.pop_back();
    if (text_.size() <= max) return finish(Result::command, taken + 1);
  }
  error_text_ = "A line of this exchange has at most " + std::to_string(max) + " octets";
  return finish(Result::broken, taken);
}

}  // namespace pabal::proto::imap
