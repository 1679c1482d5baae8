#include "mail/charset.h"

#include <algorithm>
#include <memory>
#include <unicode/ucnv.h>
#include <unicode/ustring.h>
#include <utility>

#include "base/bytes.h"

namespace pabal::mail {
namespace {

struct Close {
  void operator()(UConverter* c) const { ucnv_close(c); }
};
using Converter = std::unique_ptr<UConverter, Close>;

// Names under which a superset is sent (the Korean ones, as in the WHATWG Encoding
// Standard) or which ICU does not know.
constexpr std::pair<std::string_view, const char*> aliases[] = {
    {"euc-kr", "windows-949"},
    {"euckr", "windows-949"},
    {"euc_kr", "windows-949"},
    {"ks_c_5601-1987", "windows-949"},
    {"ks_c_5601-1989", "windows-949"},
    {"ks_c_5601", "windows-949"},
    {"ksc5601", "windows-949"},
    {"ksc_5601", "windows-949"},
    {"ks_x_1001", "windows-949"},
    {"korean", "windows-949"},
    {"iso-ir-149", "windows-949"},
    {"cp949", "windows-949"},
    {"ms949", "windows-949"},
    {"uhc", "windows-949"},
    {"x-windows-949", "windows-949"},
    {"gb2312", "gb18030"},
    {"gbk", "gb18030"},
    {"cp936", "gb18030"},
    {"shift_jis", "windows-31j"},
    {"shift-jis", "windows-31j"},
    {"sjis", "windows-31j"},
    {"x-sjis", "windows-31j"},
    {"tis-620", "windows-874"},
    {"utf8", "utf-8"},
    {"unicode-1-1-utf-7", "utf-7"},
    {"unicode-1-1-utf-8", "utf-8"},
};

// Control codes 0x80–0x9F are never meant; where they occur it was windows-1252.
constexpr std::string_view western[] = {"iso-8859-1", "iso8859-1", "iso_8859-1",
                                        "latin1",     "latin-1",   "cp1252"};

bool is_ascii_name(std::string_view name) {
  return name.empty() || name == "us-ascii" || name == "ascii" || name == "ansi_x3.4-1968";
}

// A name ICU may see: its own syntax for options (",version=…") is not for strangers.
bool is_safe_name(std::string_view name) {
  return !name.empty() && name.size() < UCNV_MAX_CONVERTER_NAME_LENGTH &&
         std::all_of(
             name.begin(), name.end(),
             [](char c) {
               return is_alnum(c) || std::string_view("-_.:()+").find(c) != std::string_view::npos;
             });
}

Converter open(std::string_view name) {
  if (!is_safe_name(name)) return nullptr;
  std::string icu_name(name);
  for (const auto& [alias, target] : aliases) {
    if (name == alias) icu_name = target;
  }
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open(icu_name.c_str(), &error));
  return U_SUCCESS(error) ? std::move(converter) : nullptr;
}

std::string utf16_to_utf8(const std::u16string& text) {
  std::string out(text.size() * 3, '\0');
  int32_t length = 0;
  UErrorCode error = U_ZERO_ERROR;
  u_strToUTF8WithSub(out.data(), static_cast<int32_t>(out.size()), &length, text.data(),
                     static_cast<int32_t>(text.size()), 0xFFFD, nullptr, &error);
  out.resize(U_SUCCESS(error) || error == U_STRING_NOT_TERMINATED_WARNING ? static_cast<size_t>(length) : 0);
  return out;
}

std::string convert(UConverter* converter, std::string_view bytes) {
  // ICU counts in int32_t; pieces also bound the memory for UTF-16.
  constexpr size_t piece = 64 * 1024;
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 2);
  std::u16string buffer;
  char16_t kept = 0;  // a lead surrogate whose trail comes with the next piece
  while (!bytes.empty()) {
    std::string_view now = bytes.substr(0, piece);
    bytes.remove_prefix(now.size());
    const char* source = now.data();
    const char* end = now.data() + now.size();
    UErrorCode error = U_BUFFER_OVERFLOW_ERROR;
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
      out += utf16_to_utf8(buffer);
    }
    if (U_FAILURE(error)) break;
  }
  return out;
}

std::string repair_utf8(std::string_view bytes) {
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open("utf-8", &error));
  return converter ? convert(converter.get(), bytes) : std::string();
}

std::string from_western(std::string_view bytes) {
  UErrorCode error = U_ZERO_ERROR;
  Converter converter(ucnv_open("windows-1252", &error));
  return converter ? convert(converter.get(), bytes) : std::string();
}

}  // namespace

std::string to_utf8(std::string_view bytes, std::string_view charset) {
  std::string name = to_lower(trim(charset));
  bool utf8_name = name == "utf-8" || name == "utf8";
  if (utf8_name || is_ascii_name(name)) {
    if (is_utf8(bytes)) return std::string(bytes);
    return utf8_name ? repair_utf8(bytes) : from_western(bytes);
  }
  if (std::ranges::find(western, name) != std::end(western)) {
    return is_ascii(bytes) ? std::string(bytes) : from_western(bytes);
  }
  if (Converter converter = open(name)) return convert(converter.get(), bytes);
  return is_utf8(bytes) ? std::string(bytes) : from_western(bytes);
}

std::optional<std::string> from_utf8(std::string_view utf8, std::string_view charset) {
  std::string name = to_lower(trim(charset));
  if (!is_utf8(utf8)) return std::nullopt;
  if (name == "utf-8" || name == "utf8") return std::string(utf8);
  if (is_ascii_name(name)) return is_ascii(utf8) ? std::optional(std::string(utf8)) : std::nullopt;
  Converter converter = open(name);
  if (!converter || utf8.size() > INT32_MAX / 4) return std::nullopt;
  UErrorCode error = U_ZERO_ERROR;
  std::u16string text(utf8.size(), u'\0');
  int32_t length = 0;
  u_strFromUTF8(text.data(), static_cast<int32_t>(text.size()), &length, utf8.data(),
                static_cast<int32_t>(utf8.size()), &error);
  ucnv_setFromUCallBack(converter.get(), UCNV_FROM_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &error);
  std::string out(static_cast<size_t>(length) * 8 + 32, '\0');
  error = U_ZERO_ERROR;
  int32_t written = ucnv_fromUChars(converter.get(), out.data(), static_cast<int32_t>(out.size()),
                                    text.data(), length, &error);
  if (U_FAILURE(error)) return std::nullopt;
  out.resize(static_cast<size_t>(written));
  return out;
}

bool is_known_charset(std::string_view charset) {
  std::string name = to_lower(trim(charset));
  if (name == "utf-8" || name == "utf8" || (is_ascii_name(name) && !name.empty())) return true;
  return open(name) != nullptr;
}

}  // namespace pabal::mail
