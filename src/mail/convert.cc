#include "mail/convert.h"

#include <algorithm>
#include <cerrno>
#include <iconv.h>
#include <unicode/ucnv.h>
#include <unicode/ustring.h>

#include "base/verify.h"

namespace pabal::mail {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

void append_utf8(std::string& out, const std::u16string& text) {
  size_t begin = out.size();
  out.resize(begin + text.size() * 3);
  int32_t length = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8WithSub(out.data() + begin, static_cast<int32_t>(out.size() - begin), &length, text.data(),
                     static_cast<int32_t>(text.size()), 0xFFFD, nullptr, &error);
  out.resize(begin + (U_SUCCESS(error) ? static_cast<size_t>(length) : 0));
}

// False if the converter has stopped at something.
bool run(UConverter* converter, std::string_view bytes, std::string& out) {
  // ICU counts in int32_t; pieces also bound the memory for UTF-16.
  constexpr size_t piece = 64 * 1024;
  out.reserve(bytes.size() + bytes.size() / 2);
  ucnv_resetToUnicode(converter);
  std::u16string buffer;
  char16_t kept = 0;  // a lead surrogate whose trail comes with the next piece
  UErrorCode error = U_ZERO_ERROR;
  while (!bytes.empty()) {
    std::string_view now = bytes.substr(0, piece);
    bytes.remove_prefix(now.size());
    const char* source = now.data();
    const char* end = now.data() + now.size();
    error = U_BUFFER_OVERFLOW_ERROR;
    while (error == U_BUFFER_OVERFLOW_ERROR) {
      buffer.resize(now.size() + 16);  // most texts are short; one that grows comes round again
      size_t begin = 0;
      if (kept != 0) buffer[begin++] = kept;
      kept = 0;
      char16_t* target = buffer.data() + begin;
      error = U_ZERO_ERROR;
      ucnv_toUnicode(converter, &target, buffer.data() + buffer.size(), &source, end, nullptr, bytes.empty(),
                     &error);
      buffer.resize(static_cast<size_t>(target - buffer.data()));
      if (!buffer.empty() && U16_IS_LEAD(buffer.back()) &&
          (error == U_BUFFER_OVERFLOW_ERROR || !bytes.empty())) {
        kept = buffer.back();
        buffer.pop_back();
      }
      append_utf8(out, buffer);
    }
    if (U_FAILURE(error)) return false;
  }
  return true;
}

}  // namespace

void CloseConverter::operator()(UConverter* converter) const {
  ucnv_close(converter);
}

Converter open_converter(const char* name) {
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open(name, &error));
  if (U_FAILURE(error)) return nullptr;
  return converter;
}

std::string convert(UConverter* converter, std::string_view bytes) {
  std::string out;
  run(converter, bytes, out);
  return out;
}

std::optional<std::string> convert_all(UConverter* converter, std::string_view bytes) {
  UConverterToUCallback before = nullptr;
  const void* context = nullptr;
  UErrorCode error = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter, UCNV_TO_U_CALLBACK_STOP, nullptr, &before, &context, &error);
  std::string out;
  bool whole = U_SUCCESS(error) && run(converter, bytes, out);
  error = U_ZERO_ERROR;
  ucnv_setToUCallBack(converter, before, context, nullptr, nullptr, &error);
  if (!whole) return std::nullopt;
  return out;
}

std::string convert_by_c_library(std::string_view bytes, const char* name) {
  iconv_t converter = iconv_open("UTF-8", name);
  verify(converter != reinterpret_cast<iconv_t>(-1), "find_charset has seen that it is there");
  std::string out, block(16 * 1024, '\0');
  char* from = const_cast<char*>(bytes.data());  // iconv does not write there
  size_t left = bytes.size();
  while (left > 0) {
    char* to = block.data();
    size_t room = block.size();
    size_t result = iconv(converter, &from, &left, &to, &room);
    int error = errno;
    out.append(block.data(), static_cast<size_t>(to - block.data()));
    if (result != static_cast<size_t>(-1) || error == E2BIG) continue;
    out += replacement;
    ++from;  // the whole rest if it ends inside of a character
    left = error == EINVAL ? 0 : left - 1;
  }
  char* to = block.data();
  size_t room = block.size();
  iconv(converter, nullptr, nullptr, &to, &room);
  out.append(block.data(), static_cast<size_t>(to - block.data()));
  iconv_close(converter);
  return out;
}

std::vector<size_t> character_ends(UConverter* converter, std::string_view bytes) {
  std::vector<size_t> ends;
  ucnv_resetToUnicode(converter);
  const char* at = bytes.data();
  const char* end = at + bytes.size();
  while (at < end) {
    UErrorCode error = U_ZERO_ERROR;
    const char* before = at;
    ucnv_getNextUChar(converter, &at, end, &error);
    if (at == before) ++at;
    ends.push_back(static_cast<size_t>(at - bytes.data()));
  }
  return ends;
}

}  // namespace pabal::mail
