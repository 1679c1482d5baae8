#include "sim/dialogue.h"

#include <array>

#include "base/bytes.h"

namespace pabal::sim {

namespace {

constexpr size_t kLineMax = 1 << 20;   // octets
constexpr size_t kLinesMax = 100'000;  // that S...: skips

struct Player {
  io::Stream& stream;
  PlayOptions options;
  std::string buffered;

  void note(const char* who, std::string_view line) {
    if (options.transcript != nullptr) options.transcript->push_back(who + std::string(line));
  }
  Instant deadline() const { return rt::Loop::current().now() + options.patience; }
};

std::string quoted(std::string_view text) {
  return '"' + printable(text) + '"';
}

// True if something arrived, false at the end.
rt::Task<bool> read_more(Player& player, Instant deadline) {
  std::array<char, 4096> buffer;
  for (;;) {
    io::TryResult result = player.stream.try_read(buffer);
    if (result.kind == io::TryResult::eof) co_return false;
    if (result.kind == io::TryResult::done) {
      player.buffered.append(buffer.data(), result.octets);
      co_return true;
    }
    co_await io::wait_readable(player.stream, deadline);
  }
}

// The next line without its ending; nullopt at the end.
rt::Task<std::optional<std::string>> read_line(Player& player, Instant deadline) {
  size_t searched = 0;
  for (;;) {
    size_t lf = player.buffered.find('\n', searched);
    if (lf != std::string::npos) {
      std::string line = player.buffered.substr(0, lf);
      player.buffered.erase(0, lf + 1);
      if (line.ends_with('\r')) line.pop_back();
      player.note("S: ", line);
      co_return line;
    }
    searched = player.buffered.size();
    if (searched > kLineMax) throw io::IoError(io::IoFault::other, "the peer sent a line that is too long");
    bool more = co_await read_more(player, deadline);
    if (!more) co_return std::nullopt;
  }
}

rt::Task<std::optional<std::string>> expect(Player& player, const DialogueStep& step) {
  Instant deadline = player.deadline();
  bool skipping = step.kind == DialogueStep::expect_until;
  for (size_t lines = 0; lines < kLinesMax; ++lines) {
    std::optional<std::string> line = co_await read_line(player, deadline);
    if (!line) {
      std::string rest = player.buffered.empty() ? "" : " after " + quoted(player.buffered);
      co_return "expected " + quoted(step.text) + ", got the end" + rest;
    }
    if (matches(step.text, *line)) co_return std::nullopt;
    if (!skipping) co_return "expected " + quoted(step.text) + ", got " + quoted(*line);
  }
  co_return "expected " + quoted(step.text) + ", got nothing like it in " + std::to_string(kLinesMax) +
      " lines";
}

rt::Task<std::optional<std::string>> expect_end(Player& player) {
  Instant deadline = player.deadline();
  bool more = !player.buffered.empty();
  if (!more) more = co_await read_more(player, deadline);
  if (more) co_return "expected the end, got " + quoted(player.buffered);
  co_return std::nullopt;
}

rt::Task<std::optional<std::string>> perform(Player& player, const DialogueStep& step) {
  switch (step.kind) {
    case DialogueStep::send:
      player.note("C: ", step.text);
      co_await io::write_all(player.stream, step.text, player.deadline());
      break;
    case DialogueStep::expect:
    case DialogueStep::expect_until:
      co_return co_await expect(player, step);
    case DialogueStep::wait:
      co_await rt::sleep_for(step.time);
      break;
    case DialogueStep::close:
      player.stream.finish();
      break;
    case DialogueStep::eof:
      co_return co_await expect_end(player);
  }
  co_return std::nullopt;
}

}  // namespace

rt::Task<std::optional<std::string>> play(Dialogue dialogue, io::Stream& stream, PlayOptions options) {
  Player player{stream, options, {}};
  for (const DialogueStep& step : dialogue) {
    std::optional<std::string> mismatch;
    try {
      mismatch = co_await perform(player, step);
    } catch (const io::IoError& e) {
      mismatch = e.what();
      if (!step.text.empty()) *mismatch += ", at " + quoted(step.text);
    }
    if (mismatch) co_return "line " + std::to_string(step.line) + ": " + *mismatch;
  }
  co_return std::nullopt;
}

}  // namespace pabal::sim
