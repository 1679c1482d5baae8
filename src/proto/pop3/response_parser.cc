#include "proto/pop3/response_parser.h"

#include "base/bytes.h"

namespace pabal::proto::pop3 {

namespace {

// The text behind "+OK" or "-ERR"; nullopt when line does not begin so.
std::optional<std::string_view> behind(std::string_view line, std::string_view indicator) {
  if (!istarts_with(line, indicator)) return std::nullopt;
  line.remove_prefix(indicator.size());
  if (!line.empty() && line[0] != ' ') return std::nullopt;
  return trim(line);
}

std::optional<Status> parse_status(std::string_view line) {
  if (auto text = behind(line, "+OK")) return Status{.ok = true, .text = std::string(*text)};
  if (auto text = behind(line, "-ERR")) {
    Status status{.text = std::string(*text)};
    size_t close = text->find(']');
    if (text->starts_with('[') && close != std::string_view::npos) {
      status.code = to_upper(text->substr(1, close - 1));
      status.text = trim(text->substr(close + 1));
    }
    return status;
  }
  if (auto text = behind(line, "+")) return Status{.text = std::string(*text), .is_challenge = true};
  return std::nullopt;
}

}  // namespace

std::string_view to_text(ResponseError error) {
  switch (error) {
    case ResponseError::not_a_response:
      return "the server's answer is not a POP3 response";
    case ResponseError::line_too_long:
      return "the server's status line is too long";
    case ResponseError::too_big:
      return "the response is bigger than allowed";
  }
  return "";
}

std::expected<std::optional<Status>, ResponseError> StatusParser::feed(std::string_view& bytes) {
  size_t lf = bytes.find('\n');
  std::string_view piece = bytes.substr(0, lf);
  if (line_.size() + piece.size() > kStatusLineMax) return std::unexpected(ResponseError::line_too_long);
  line_.append(piece);
  if (lf == std::string_view::npos) {
    bytes = {};
    return std::nullopt;
  }
  bytes.remove_prefix(lf + 1);
  std::string line = std::move(line_);
  line_.clear();
  if (line.ends_with('\r')) line.pop_back();
  auto status = parse_status(line);
  if (!status) return std::unexpected(ResponseError::not_a_response);
  return status;
}

std::expected<bool, ResponseError> BodyReader::feed(std::string_view& bytes, std::string& body) {
  auto emit = [&](std::string_view text) {
    size_ += text.size();
    if (size_ <= size_max_) body.append(text);
  };
  while (!bytes.empty() && state_ != State::done) {
    switch (state_) {
      case State::line_start:
        state_ = bytes[0] == '.' ? State::dot : State::text;
        if (state_ == State::dot) bytes.remove_prefix(1);
        break;
      case State::dot:
        if (bytes[0] == '\n' || bytes[0] == '\r') {
          state_ = bytes[0] == '\n' ? State::done : State::dot_cr;
          bytes.remove_prefix(1);
        } else {
          state_ = State::text;  // the dot was stuffing
        }
        break;
      case State::dot_cr:
        if (bytes[0] == '\n') {
          state_ = State::done;
          bytes.remove_prefix(1);
        } else {
          emit("\r");
          state_ = State::cr;
        }
        break;
      case State::text:
      case State::cr: {
        size_t lf = bytes.find('\n');
        std::string_view text = bytes.substr(0, lf);
        bool cr = text.empty() ? state_ == State::cr : text.back() == '\r';
        emit(text);
        bytes.remove_prefix(text.size());
        state_ = cr ? State::cr : State::text;
        if (lf != std::string_view::npos) {
          emit(cr ? "\n" : "\r\n");
          bytes.remove_prefix(1);
          state_ = State::line_start;
        }
        break;
      }
      case State::done:
        break;
    }
    if (size_ > size_max_) return std::unexpected(ResponseError::too_big);
  }
  return state_ == State::done;
}

}  // namespace pabal::proto::pop3
