// Dialogues: what a client says and what it expects to hear, as a text file:
//
//   # A comment. Empty lines mean nothing.
//   S: 220 mx.seoul.test *
//   C: EHLO client.test
//   S...: 250 *
//   C: NOOP
//   C*: NOOP with a bare LF\n\x00
//   S: 250 2.0.0 …
//   WAIT 300s
//   S: 421 *
//   EOF
//
//   C: line      sends the line and CRLF.
//   C*: bytes    sends the bytes: \r \n \t \\ and \xNN are escapes, no CRLF is added.
//                Client lines that follow each other are sent together (pipelined).
//   S: pattern   the next line (without its CRLF or LF) matches. * and … stand for
//                any octets, or none; \* and \\ for themselves.
//   S...: pattern  lines until one that matches: the end of a multi-line reply.
//   WAIT 300s    lets time pass (ms, s, m, h, d).
//   CLOSE        ends our direction; the rest may still be read.
//   EOF          the peer ends the connection, and says nothing more before it does.
//
// One space after the colon belongs to the format. A dialogue is played over any
// io::Stream, so that one file serves in memory, over TLS and over real sockets.
#pragma once

#include <chrono>
#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/stream.h"

namespace pabal::sim {

// True if all of `text` matches; linear in the length of both, as good as.
bool matches(std::string_view pattern, std::string_view text);

struct DialogueStep {
  enum Kind { send, expect, expect_until, wait, close, eof } kind;
  std::string text;  // bytes to send, or the pattern
  std::chrono::microseconds time{0};
  size_t line = 0;  // in the file, from 1
};
using Dialogue = std::vector<DialogueStep>;

// The error names the line: "line 7: ...".
std::expected<Dialogue, std::string> parse_dialogue(std::string_view text);

struct PlayOptions {
  std::chrono::microseconds patience = std::chrono::seconds(30);  // for each expected line
  // When not null, gets what was really said: "C: ..." and "S: ...".
  std::vector<std::string>* transcript = nullptr;
};

// Plays the client. The result says what went otherwise than written ("line 12:
// expected \"250 *\", got \"451 ...\"", or an IoError's text); nullopt if nothing did.
rt::Task<std::optional<std::string>> play(Dialogue dialogue, io::Stream& stream, PlayOptions options = {});

}  // namespace pabal::sim
