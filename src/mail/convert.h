// ICU's converters from a charset to UTF-8. For this module's own use.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct UConverter;

namespace pabal::mail {

struct CloseConverter {
  void operator()(UConverter* converter) const;
};
using Converter = std::unique_ptr<UConverter, CloseConverter>;

// nullptr if ICU has none of that name, which must be one of charset_names.h.
Converter open_converter(const char* name);

// Well-formed UTF-8, U+FFFD for what is no character; each call begins anew.
std::string convert(UConverter* converter, std::string_view bytes);
// nullopt as soon as something is no character.
std::optional<std::string> convert_all(UConverter* converter, std::string_view bytes);

// The same as convert by iconv of the C library.
std::string convert_by_c_library(std::string_view bytes, const char* name);

// Where each character ends; an octet that is none ends at itself.
std::vector<size_t> character_ends(UConverter* converter, std::string_view bytes);

}  // namespace pabal::mail
