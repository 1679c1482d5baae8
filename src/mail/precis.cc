#include "mail/precis.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "base/bytes.h"
#include "base/verify.h"
#include "base/visible.h"
#include "mail/address.h"

namespace pabal::mail {
namespace {

const icu::Normalizer2& nfc() {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* instance = icu::Normalizer2::getNFCInstance(error);
  verify(U_SUCCESS(error), "ICU has its normalization data");
  return *instance;
}

std::string normalized(const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  std::string out;
  nfc().normalize(text, error).toUTF8String(out);
  verify(U_SUCCESS(error), "any text can be normalized");
  return out;
}

// RFC 8264 §5.2.1: full-width and half-width characters to what they decompose to.
icu::UnicodeString width_mapped(std::string_view utf8) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(error);
  verify(U_SUCCESS(error), "ICU has its normalization data");
  icu::UnicodeString out;
  while (!utf8.empty()) {
    Character c = first_character(utf8);
    utf8.remove_prefix(c.octets);
    auto point = static_cast<UChar32>(c.value);
    icu::UnicodeString mapped;
    int32_t kind = u_getIntPropertyValue(point, UCHAR_DECOMPOSITION_TYPE);
    bool by_width = kind == U_DT_WIDE || kind == U_DT_NARROW;
    out.append(by_width && nfkc->getDecomposition(point, mapped) ? mapped : icu::UnicodeString(point));
  }
  return out;
}

}  // namespace

std::string fold_name(std::string_view utf8) {
  if (is_ascii(utf8) || !is_utf8(utf8)) return to_lower(utf8);
  return normalized(width_mapped(utf8).toLower(icu::Locale::getRoot()));
}

std::optional<std::string> unfit_for_name(std::string_view utf8) {
  // RFC 5892 §A.3 to A.7, allowed where letters of their script stand beside them.
  constexpr UChar32 in_context[] = {0xB7, 0x375, 0x5F3, 0x5F4, 0x30FB};
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(error);
  verify(U_SUCCESS(error), "ICU has its normalization data");
  for (UChar32 before = 0; !utf8.empty();) {
    Character c = first_character(utf8);
    utf8.remove_prefix(c.octets);
    auto point = static_cast<UChar32>(c.value);
    // RFC 5892 §A.1 and A.2: joiners behind a virama shape Indic letters.
    bool joins = (point == 0x200C || point == 0x200D) && u_getCombiningClass(before) == 9;
    before = point;
    bool letter = (U_GET_GC_MASK(point) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK)) != 0;
    bool fit = letter && !u_hasBinaryProperty(point, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) &&
               nfkc->isNormalized(icu::UnicodeString(point), error);
    if (c.value < 0x80 || fit || joins || std::ranges::find(in_context, point) != std::end(in_context))
      continue;
    char text[16];
    snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(c.value));
    return text;
  }
  return std::nullopt;
}

std::string fold_address(std::string_view address) {
  size_t at = address.rfind('@');
  if (at == std::string_view::npos) return fold_name(address);
  std::string_view domain = address.substr(at + 1);
  return fold_name(address.substr(0, at)) + '@' + to_ascii_domain(domain).value_or(to_lower(domain));
}

std::optional<std::string> prepare_password(std::string_view utf8) {
  if (utf8.empty() || !is_utf8(utf8)) return std::nullopt;
  icu::UnicodeString text;
  while (!utf8.empty()) {
    Character c = first_character(utf8);
    utf8.remove_prefix(c.octets);
    auto point = static_cast<UChar32>(c.value);
    if (u_charType(point) == U_CONTROL_CHAR) return std::nullopt;
    text.append(u_charType(point) == U_SPACE_SEPARATOR ? UChar32{' '} : point);
  }
  return normalized(text);
}

}  // namespace pabal::mail
