#include "reading/rights.h"

namespace pabal::reading {

uint32_t Rights::bit(char right) {
  size_t at = kLetters.find(right);
  return at == std::string_view::npos ? 0 : 1u << at;
}

Rights::Rights(std::string_view letters) {
  for (char letter : letters) {
    if (letter == 'c') {
      bits_ |= bit('k') | bit('x');
    } else if (letter == 'd') {
      bits_ |= bit('t') | bit('e');
    } else {
      bits_ |= bit(letter);
    }
  }
}

std::string Rights::text(bool obsolete) const {
  std::string out;
  for (char letter : kLetters) {
    if (has(letter)) out += letter;
  }
  if (obsolete && any_of("kx")) out += 'c';
  if (obsolete && any_of("te")) out += 'd';
  return out;
}

bool are_rights(std::string_view letters) {
  return letters.find_first_not_of("lrswipkxteacd") == std::string_view::npos;
}

Rights rights_by(const std::vector<store::AclEntry>& acl, std::string_view address) {
  std::string letters;
  for (char letter : Rights::kLetters) {
    if (store::has_right(acl, address, letter)) letters += letter;
  }
  return Rights(letters);
}

}  // namespace pabal::reading
