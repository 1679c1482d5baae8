#include "base/bytes.h"
#include "proto/smtp/grammar.h"

namespace pabal::proto::smtp::grammar {

// RFC 3030 §2: "BDAT" SP chunk-size [SP "LAST"]
Parsed parse_bdat(std::string_view arguments, bool) {
  size_t space = arguments.find_first_of(" \t");
  auto size = parse_uint(arguments.substr(0, space));
  if (!size)
    return bad_parameter("BDAT is written BDAT 12345 or BDAT 12345 LAST, with the octets that follow");
  Bdat bdat{.size = *size};
  if (space != std::string_view::npos) {
    if (!iequals(trim(arguments.substr(space)), "LAST"))
      return bad_parameter("Only LAST may follow the size of BDAT");
    bdat.last = true;
  }
  return bdat;
}

}  // namespace pabal::proto::smtp::grammar
