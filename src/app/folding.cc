#include "app/folding.h"

#include <iostream>
#include <unistd.h>

#include "console/terminal.h"

namespace pabal::app {

namespace {
// Longer lines are no text for people.
constexpr size_t kLineMax = 64 << 10;
}  // namespace

FoldingStream::FoldingStream(std::ostream& target, int fd) : buffer_(target, fd), stream_(&buffer_) {}

int FoldingStream::Buffer::overflow(int c) {
  if (c != traits_type::eof()) {
    char one = static_cast<char>(c);
    take({&one, 1});
  }
  return traits_type::not_eof(c);
}

std::streamsize FoldingStream::Buffer::xsputn(const char* text, std::streamsize octets) {
  take({text, static_cast<size_t>(octets)});
  return octets;
}

int FoldingStream::Buffer::sync() {
  if (!line_.empty()) begun_ = true;
  target_ << line_ << std::flush;
  line_.clear();
  return 0;
}

void FoldingStream::Buffer::take(std::string_view text) {
  while (!text.empty()) {
    size_t end = text.find('\n');
    line_ += text.substr(0, end);
    if (end == std::string_view::npos) {
      if (line_.size() > kLineMax) sync();
      return;
    }
    write_line();
    text.remove_prefix(end + 1);
  }
}

void FoldingStream::Buffer::write_line() {
  std::optional<size_t> width = terminal_width(fd_);
  // One that is drawn by escape sequences knows its own width.
  bool whole = !width || begun_ || line_.find_first_of("\r\x1b") != std::string::npos;
  target_ << (whole ? line_ : fold_line(line_, *width)) << '\n' << std::flush;
  line_.clear();
  begun_ = false;
}

void print_folded(std::string_view text) {
  FoldingStream out(std::cout, STDOUT_FILENO);
  out.stream() << text << std::flush;
}

}  // namespace pabal::app
