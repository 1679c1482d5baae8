#include "proto/imap/fetch_item.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "proto/imap/grammar.h"
#include "proto/imap/limits.h"

namespace pabal::proto::imap::grammar {

namespace {

constexpr std::string_view kItemWhat = "items like (FLAGS ENVELOPE BODY.PEEK[])";

// Items that are a word and nothing more.
constexpr std::pair<std::string_view, FetchItem::Kind> kWords[] = {
    {"FLAGS", FetchItem::flags},
    {"UID", FetchItem::uid},
    {"INTERNALDATE", FetchItem::internal_date},
    {"RFC822.SIZE", FetchItem::rfc822_size},
    {"ENVELOPE", FetchItem::envelope},
    {"BODYSTRUCTURE", FetchItem::body_structure},
    {"MODSEQ", FetchItem::modseq},
    {"EMAILID", FetchItem::email_id},
    {"THREADID", FetchItem::thread_id},
    {"SAVEDATE", FetchItem::save_date},
    {"RFC822", FetchItem::rfc822},
    {"RFC822.HEADER", FetchItem::rfc822_header},
    {"RFC822.TEXT", FetchItem::rfc822_text},
};

// section-part: "1.2", and the "." behind it if a text follows: "1.2.MIME".
bool take_part(Parser& parser, std::vector<uint32_t>& part, bool& text_follows) {
  text_follows = !is_digit(parser.peek());
  while (is_digit(parser.peek())) {
    if (!parser.within(part.size() + 1, kSectionDepthMax, "numbers in a section") ||
        !parser.take_nz_number(part.emplace_back(), "part numbers from 1 on"))
      return false;
    text_follows = parser.skip('.');
    if (text_follows && !is_digit(parser.peek())) return true;
  }
  return true;
}

// section-text: HEADER, HEADER.FIELDS (…), TEXT, and MIME behind a part.
bool take_section_text(Parser& parser, Section& section) {
  constexpr std::string_view kFields = "field names like HEADER.FIELDS (FROM SUBJECT)";
  std::string name = parser.take_label();
  if (name == "HEADER") {
    section.what = Section::header;
  } else if (name == "TEXT") {
    section.what = Section::text;
  } else if (name == "MIME" && !section.part.empty()) {
    section.what = Section::mime;
  } else if (name == "HEADER.FIELDS" || name == "HEADER.FIELDS.NOT") {
    section.what = name == "HEADER.FIELDS" ? Section::header_fields : Section::header_fields_not;
    auto field = [&] { return parser.take_astring(section.fields.emplace_back(), kFields); };
    if (!parser.space(kFields) || !parser.take_list(kHeaderFieldsMax, kFields, "header fields", field))
      return false;
    if (section.fields.empty())
      return parser.reject(parser.name() + " needs " + std::string(kFields) + ", the list is empty");
  } else {
    return parser.reject(parser.name() + ": section \"" + name +
                         "\" is not known; HEADER, HEADER.FIELDS (...), HEADER.FIELDS.NOT (...), TEXT and, "
                         "behind a part number, MIME are");
  }
  return true;
}

// "<0.1024>"
bool take_partial(Parser& parser, std::optional<Partial>& out) {
  constexpr std::string_view kWhat = "a part of the octets like <0.1024>";
  if (!parser.skip('<')) return true;
  Partial partial;
  if (!parser.take_number64(partial.offset, kWhat) || !parser.expect('.', kWhat) ||
      !parser.take_number64(partial.octets, kWhat) || !parser.expect('>', kWhat))
    return false;
  if (partial.octets == 0)
    return parser.reject(parser.name() + ": a part of the octets has at least one, like <0.1>");
  out = partial;
  return true;
}

// "[" section "]" ["<" partial ">"]
bool take_body_section(Parser& parser, FetchItem& item) {
  item.kind = FetchItem::body_section;
  bool text = false;
  if (!parser.expect('[', "a section like BODY[]")) return false;
  if (parser.peek() != ']') {
    if (!take_part(parser, item.section.part, text)) return false;
    if (text && !take_section_text(parser, item.section)) return false;
  }
  return parser.expect(']', "\"]\" behind the section") && take_partial(parser, item.partial);
}

bool take_binary_section(Parser& parser, FetchItem& item) {
  bool text = false;
  if (!parser.expect('[', "a part like BINARY[1]")) return false;
  if (parser.peek() != ']' && (!take_part(parser, item.section.part, text) || text))
    return parser.fail("nothing but part numbers in BINARY[1.2]");
  if (!parser.expect(']', "\"]\" behind the part")) return false;
  return item.kind == FetchItem::binary_size || take_partial(parser, item.partial);
}

// RFC 8970 §3.2; what the parentheses hold besides LAZY is not known.
bool take_preview(Parser& parser, FetchItem& item, bool modifiers) {
  item.kind = FetchItem::preview;
  if (!modifiers) return true;
  auto modifier = [&] {
    if (!parser.skip_word("LAZY")) return parser.fail("LAZY or nothing behind PREVIEW");
    item.kind = FetchItem::preview_lazy;
    return true;
  };
  return parser.space("LAZY") && parser.take_list(kFetchItemsMax, "(LAZY)", "modifiers of PREVIEW", modifier);
}

bool take_item(Parser& parser, FetchItem& item) {
  std::string name = parser.take_label();
  auto word = std::ranges::find(kWords, name, &std::pair<std::string_view, FetchItem::Kind>::first);
  if (word != std::end(kWords)) {
    item.kind = word->second;
    return true;
  }
  if (name == "BODY" && parser.peek() != '[') {
    item.kind = FetchItem::body;
    return true;
  }
  if (name == "BODY" || name == "BODY.PEEK") {
    item.peek = name == "BODY.PEEK";
    return take_body_section(parser, item);
  }
  if (name == "BINARY" || name == "BINARY.PEEK" || name == "BINARY.SIZE") {
    item.kind = name == "BINARY.SIZE" ? FetchItem::binary_size : FetchItem::binary;
    item.peek = name == "BINARY.PEEK";
    return take_binary_section(parser, item);
  }
  if (name == "PREVIEW") return take_preview(parser, item, parser.has_list("LAZY"));
  if (name.empty()) return parser.fail(kItemWhat);
  return parser.reject(parser.name() + ": item " + name + " is not known");
}

bool same_answer(const FetchItem& a, const FetchItem& b) {
  auto kind = [](const FetchItem& item) {
    return item.kind == FetchItem::preview_lazy ? FetchItem::preview : item.kind;
  };
  return kind(a) == kind(b) && a.section == b.section && a.partial == b.partial;
}

// What is asked for twice is answered once, as the one wants it that wants more of it.
void add_item(std::vector<FetchItem>& out, FetchItem item) {
  auto found = std::ranges::find_if(out, [&](const FetchItem& one) { return same_answer(one, item); });
  if (found == out.end()) {
    out.push_back(std::move(item));
    return;
  }
  found->peek &= item.peek;
  if (item.kind == FetchItem::preview) found->kind = item.kind;
}

}  // namespace

bool take_fetch_item(Parser& parser, std::vector<FetchItem>& out) {
  FetchItem item;
  if (!parser.within(out.size() + 1, kFetchItemsMax, "items") || !take_item(parser, item)) return false;
  add_item(out, std::move(item));
  return true;
}

bool take_fetch_items(Parser& parser, std::vector<FetchItem>& out) {
  if (!parser.take_list(kFetchItemsMax, kItemWhat, "items", [&] { return take_fetch_item(parser, out); }))
    return false;
  return !out.empty() ||
         parser.reject(parser.name() + " needs " + std::string(kItemWhat) + ", the list is empty");
}

}  // namespace pabal::proto::imap::grammar
