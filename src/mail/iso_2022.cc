#include "mail/iso_2022.h"

#include <cstdint>
#include <map>
#include <utility>

#include "mail/convert.h"

namespace pabal::mail {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

unsigned char octet(char c) {
  return static_cast<unsigned char>(c);
}

bool is_graphic(char c) {
  return octet(c) >= 0x21 && octet(c) <= 0x7E;
}

enum class Set : uint8_t {
  none,
  ascii,
  roman,     // JIS X 0201: ASCII but for two
  katakana,  // JIS X 0201
  latin1,    // ISO 8859-1, 8859-7: upper halves
  greek,
  jis_x_0208,
  jis_x_0212,
  gb_2312,
  ks_x_1001,
  iso_ir_165,
  cns_1,  // CNS 11643, planes 1 to 7
  cns_2,
  cns_3,
  cns_4,
  cns_5,
  cns_6,
  cns_7,
};

bool has_two_octets(Set set) {
  return set >= Set::jis_x_0208;
}

// Collects what one converter can take in one go.
class Output {
 public:
  void put(const char* converter, std::string_view bytes) {
    if (converter != pending_converter_) flush();
    pending_converter_ = converter;
    pending_ += bytes;
  }
  void put_utf8(std::string_view text) {
    flush();
    out_ += text;
  }
  std::string take() {
    flush();
    return std::move(out_);
  }

 private:
  void flush() {
    if (pending_.empty()) return;
    Converter& converter = converters_[pending_converter_];
    if (!converter) converter = open_converter(pending_converter_);
    out_ += convert(converter.get(), pending_);
    pending_.clear();
  }

  std::map<std::string_view, Converter> converters_;
  std::string out_, pending_;
  const char* pending_converter_ = nullptr;
};

// Shift_JIS has the table of Windows with its additions (NEC's row 13, IBM's rows).
std::string shift_jis(char first, char second) {
  unsigned row = octet(first) - 0x21u, cell = octet(second) - 0x21u;
  unsigned lead = (row >> 1) + 0x81;
  if (lead > 0x9F) lead += 0x40;
  unsigned trail = row % 2 == 1 ? cell + 0x9F : cell + 0x40 + (cell >= 0x3F ? 1 : 0);
  return {static_cast<char>(lead), static_cast<char>(trail)};
}

char upper_half(char c) {
  return static_cast<char>(octet(c) | 0x80);
}

void put_pair(Output& out, Set set, char first, char second) {
  std::string high = {upper_half(first), upper_half(second)};
  switch (set) {
    case Set::jis_x_0208:
      return out.put("windows-31j", shift_jis(first, second));
    case Set::jis_x_0212:
      return out.put("euc-jp-2007", '\x8F' + high);
    case Set::gb_2312:
      return out.put("gb18030", high);
    case Set::iso_ir_165:
      return out.put("iso-ir-165", std::string{first, second});
    case Set::ks_x_1001:
      return out.put("windows-949", high);
    case Set::cns_1:
      return out.put("EUC-TW", high);
    default: {
      auto plane = static_cast<char>(0xA1 + static_cast<int>(set) - static_cast<int>(Set::cns_1));
      return out.put("EUC-TW", std::string{'\x8E', plane} + high);
    }
  }
}

void put_single(Output& out, Set set, char c) {
  std::string_view itself(&c, 1);
  char upper = upper_half(c);
  switch (set) {
    case Set::roman:
      return c == '\\' ? out.put_utf8("¥") : c == '~' ? out.put_utf8("‾") : out.put("windows-1252", itself);
    case Set::katakana:
      return octet(upper) <= 0xDF ? out.put("windows-31j", {&upper, 1}) : out.put_utf8(replacement);
    case Set::latin1:
      return out.put("iso-8859-1", {&upper, 1});
    case Set::greek:
      return out.put("iso-8859-7", {&upper, 1});
    default:
      return out.put("windows-1252", itself);
  }
}

class Iso2022 {
 public:
  Iso2022(std::string_view bytes, std::string_view language)
      : s_(bytes),
        japanese_(language == "ja"),
        so_(language == "ko"   ? Set::ks_x_1001
            : language == "zh" ? Set::gb_2312
                               : Set::katakana) {}

  std::string decode() {
    while (at_ < s_.size()) step();
    return out_.take();
  }

 private:
  void step() {
    char c = s_[at_];
    if (c == '\x1B' && escape()) return;
    ++at_;
    if (c == '\x0E' || c == '\x0F') {
      shifted_ = c == '\x0E';
    } else if (!is_graphic(c)) {
      other(c);
    } else {
      character(shifted_ ? so_ : g0_, c);
    }
  }

  void character(Set set, char c) {
    if (!has_two_octets(set)) return put_single(out_, set, c);
    if (at_ == s_.size() || !is_graphic(s_[at_])) return out_.put_utf8(replacement);
    put_pair(out_, set, c, s_[at_++]);
  }

  // A control code, a blank, or 8-bit.
  void other(char c) {
    if (c == '\n') {
      shifted_ = false;  // RFC 1557 §2, RFC 1922 §3
      g2_ = Set::none;   // RFC 1554
    }
    bool half_katakana = japanese_ && octet(c) >= 0xA1 && octet(c) <= 0xDF;  // JIS8
    if (octet(c) < 0x80) {
      out_.put("windows-1252", {&c, 1});
    } else if (half_katakana) {
      out_.put("windows-31j", {&c, 1});
    } else {
      out_.put_utf8(replacement);
    }
  }

  bool escape() {
    std::string_view rest = s_.substr(at_ + 1, 3);
    struct Sequence {
      std::string_view octets;
      Set Iso2022::* where;
      Set set;
    };
    // The longer ones first: "$B" and "$(B" differ in what follows '$'.
    static constexpr Sequence sequences[] = {
        {"$(D", &Iso2022::g0_, Set::jis_x_0212}, {"$(C", &Iso2022::g0_, Set::ks_x_1001},
        {"$(A", &Iso2022::g0_, Set::gb_2312},    {"$(B", &Iso2022::g0_, Set::jis_x_0208},
        {"$(@", &Iso2022::g0_, Set::jis_x_0208}, {"$(O", &Iso2022::g0_, Set::jis_x_0208},
        {"$(Q", &Iso2022::g0_, Set::jis_x_0208}, {"$)C", &Iso2022::so_, Set::ks_x_1001},
        {"$)A", &Iso2022::so_, Set::gb_2312},    {"$)E", &Iso2022::so_, Set::iso_ir_165},
        {"$)G", &Iso2022::so_, Set::cns_1},      {"$*H", &Iso2022::g2_, Set::cns_2},
        {"$+I", &Iso2022::g3_, Set::cns_3},      {"$+J", &Iso2022::g3_, Set::cns_4},
        {"$+K", &Iso2022::g3_, Set::cns_5},      {"$+L", &Iso2022::g3_, Set::cns_6},
        {"$+M", &Iso2022::g3_, Set::cns_7},      {"$@", &Iso2022::g0_, Set::jis_x_0208},
        {"$B", &Iso2022::g0_, Set::jis_x_0208},  {"$A", &Iso2022::g0_, Set::gb_2312},
        {"(B", &Iso2022::g0_, Set::ascii},       {"(J", &Iso2022::g0_, Set::roman},
        {"(H", &Iso2022::g0_, Set::roman},       {"(I", &Iso2022::g0_, Set::katakana},
        {".A", &Iso2022::g2_, Set::latin1},      {".F", &Iso2022::g2_, Set::greek},
    };
    for (const Sequence& sequence : sequences) {
      if (!rest.starts_with(sequence.octets)) continue;
      this->*sequence.where = sequence.set;
      at_ += 1 + sequence.octets.size();
      return true;
    }
    if (rest.starts_with("&@")) {  // announces a revision of JIS X 0208
      at_ += 3;
      return true;
    }
    Set single = rest.starts_with('N') ? g2_ : rest.starts_with('O') ? g3_ : Set::none;
    if (single == Set::none || rest.size() < 2 || !is_graphic(rest[1])) return false;
    at_ += 3;
    character(single, rest[1]);
    return true;
  }

  std::string_view s_;
  bool japanese_;
  size_t at_ = 0;
  Output out_;
  Set g0_ = Set::ascii, so_, g2_ = Set::none, g3_ = Set::none;
  bool shifted_ = false;
};

}  // namespace

std::string decode_iso_2022(std::string_view bytes, std::string_view language) {
  return Iso2022(bytes, language).decode();
}

std::string decode_hz(std::string_view bytes) {
  Output out;
  bool chinese = false;
  for (size_t at = 0; at < bytes.size();) {
    char c = bytes[at], next = at + 1 < bytes.size() ? bytes[at + 1] : '\0';
    bool tilde = c == '~';
    size_t line_end = bytes.substr(at + 1, 2) == "\r\n" ? 2 : next == '\n' ? 1 : 0;
    if (tilde && (next == '{' || next == '}')) {
      chinese = next == '{';
      at += 2;
    } else if (tilde && !chinese && line_end > 0) {  // continues on the next line
      at += 1 + line_end;
    } else if (tilde && !chinese && next == '~') {
      out.put("gb18030", "~");
      at += 2;
    } else if (chinese && is_graphic(c) && is_graphic(next)) {
      put_pair(out, Set::gb_2312, c, next);
      at += 2;
    } else {
      if (c == '\n') chinese = false;
      out.put("gb18030", {&c, 1});
      ++at;
    }
  }
  return out.take();
}

}  // namespace pabal::mail
