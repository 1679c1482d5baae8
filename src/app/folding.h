// FoldingStream: what is written to it reaches a terminal in lines of its width.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>
#include <string_view>

namespace pabal::app {

class FoldingStream {
 public:
  // fd: the terminal behind `target`. When it is none, nothing is folded.
  FoldingStream(std::ostream& target, int fd);

  std::ostream& stream() { return stream_; }

 private:
  class Buffer : public std::streambuf {
   public:
    Buffer(std::ostream& target, int fd) : target_(target), fd_(fd) {}
    ~Buffer() override { sync(); }

   protected:
    int overflow(int c) override;
    std::streamsize xsputn(const char* text, std::streamsize octets) override;
    // What is asked for at once (a question, a line that is written over) goes as it is.
    int sync() override;

   private:
    void take(std::string_view text);
    void write_line();

    std::ostream& target_;
    int fd_;
    std::string line_;
    bool begun_ = false;  // a part of this line is out already
  };

  Buffer buffer_;
  std::ostream stream_;
};

// To standard output, at once.
void print_folded(std::string_view text);

}  // namespace pabal::app
