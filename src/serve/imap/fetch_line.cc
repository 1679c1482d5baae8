#include "serve/imap/fetch_line.h"

#include <algorithm>
#include <optional>

#include "mail/message.h"
#include "proto/imap/response.h"

namespace pabal::serve::imap {

namespace wire = proto::imap;

namespace {

bool is_head(const wire::FetchItem& item) {
  if (item.kind == wire::FetchItem::rfc822_header) return true;
  bool section = item.kind == wire::FetchItem::body_section && item.section.part.empty();
  return section &&
         (item.section.what == wire::Section::header || item.section.what == wire::Section::header_fields ||
          item.section.what == wire::Section::header_fields_not);
}

bool is_binary(const wire::FetchItem& item) {
  return item.kind == wire::FetchItem::binary || item.kind == wire::FetchItem::binary_size;
}

}  // namespace

// What some items need of the message.
struct FetchLine::Parsed {
  explicit Parsed(mail::Part part) : root(std::move(part)) {}
  mail::Part root;
  std::string made;  // octets that are put together
  std::optional<wire::BinarySection> decoded;
  std::vector<uint32_t> decoded_part;
};

FetchLine::FetchLine(const FetchSource& source, const FetchForm& form) : source_(source), form_(form) {}

FetchLine::~FetchLine() = default;

bool FetchLine::can_be_told() {
  return std::ranges::none_of(form_.items, [this](const wire::FetchItem& item) {
    return is_binary(item) && decoded(item.section.part).not_decodable;
  });
}

bool FetchLine::put_piece(std::string& out) {
  const size_t begin = out.size();
  out_ = &out;
  if (!begun_) {
    begun_ = true;
    out += "* ";
    wire::put_number(out, form_.uid_only ? source_.item.uid : source_.number);
    out += form_.uid_only ? " UIDFETCH (" : " FETCH (";
  }
  while (next_ < form_.items.size() || !rest_.empty()) {
    const size_t room = kPieceOctets - std::min(kPieceOctets, out.size() - begin);
    if (room == 0) return true;
    if (!rest_.empty()) {
      if (rest_is_literal8_) {
        out += rest_.substr(0, room);
      } else {
        wire::put_octets(out, rest_.substr(0, room));
      }
      rest_.remove_prefix(std::min(room, rest_.size()));
      continue;
    }
    const wire::FetchItem& item = form_.items[next_++];
    if (item.kind == wire::FetchItem::uid && form_.uid_only) continue;
    if (any_) out += ' ';
    any_ = true;
    put(item);
  }
  if (ended_) return false;
  ended_ = true;
  out += ")\r\n";
  return true;
}

void FetchLine::put(const wire::FetchItem& item) {
  std::string& out = *out_;
  const Item& mail = source_.item;
  switch (item.kind) {
    case wire::FetchItem::flags:
      out += "FLAGS (";
      wire::put_flags(out, mail.flags, form_.keywords);
      out += ')';
      return;
    case wire::FetchItem::internal_date:
      out += "INTERNALDATE ";
      wire::put_internal_date(out, Time{mail.internal_date_ms});
      return;
    case wire::FetchItem::rfc822_size:
      return number("RFC822.SIZE ", mail.size_octets);
    case wire::FetchItem::uid:
      return number("UID ", mail.uid);
    case wire::FetchItem::modseq:
      out += "MODSEQ (";
      wire::put_number(out, static_cast<uint64_t>(mail.modseq));
      out += ')';
      return;
    case wire::FetchItem::email_id:
      out += "EMAILID (M";
      wire::put_number(out, static_cast<uint64_t>(mail.message));
      out += ')';
      return;
    case wire::FetchItem::thread_id:
      out += "THREADID (T";
      wire::put_number(out, static_cast<uint64_t>(source_.thread.value));
      out += ')';
      return;
    case wire::FetchItem::save_date:
      out += "SAVEDATE ";
      wire::put_internal_date(out, Time{mail.saved_at_ms});
      return;
    case wire::FetchItem::envelope:
      out.append("ENVELOPE ").append(wire::one_form(source_.texts->envelope, form_.texts));
      return;
    case wire::FetchItem::body_structure:
      out.append("BODYSTRUCTURE ").append(wire::one_form(source_.texts->body_structure, form_.texts));
      return;
    case wire::FetchItem::body:
      out.append("BODY ").append(wire::body_text(root(), source_.message, form_.texts));
      return;
    case wire::FetchItem::preview:
    case wire::FetchItem::preview_lazy:
      out += "PREVIEW ";
      if (source_.texts == nullptr) {
        out += "NIL";
      } else {
        wire::put_string(out, *source_.texts->preview, form_.texts != wire::TextForm::seven_bit);
      }
      return;
    case wire::FetchItem::rfc822:
      return octets("RFC822 ", source_.message);
    case wire::FetchItem::rfc822_header:
      return octets("RFC822.HEADER ",
                    source_.is_head ? source_.message : mail::head_of(root(), source_.message));
    case wire::FetchItem::rfc822_text:
      return octets("RFC822.TEXT ", mail::body_of(root(), source_.message));
    case wire::FetchItem::body_section:
      return section(item);
    case wire::FetchItem::binary:
    case wire::FetchItem::binary_size:
      return binary(item);
  }
}

void FetchLine::number(std::string_view name, uint64_t value) {
  out_->append(name);
  wire::put_number(*out_, value);
}

// A literal of octets that live as long as this, or until the next item.
void FetchLine::octets(std::string_view name, std::string_view value) {
  out_->append(name).append(1, '{');
  wire::put_number(*out_, value.size());
  out_->append("}\r\n");
  rest_ = value;
  rest_is_literal8_ = name.ends_with('~');
}

void FetchLine::section(const wire::FetchItem& item) {
  const std::string name = wire::section_name(item) + " ";
  const wire::Section::Text what = item.section.what;
  bool everything = item.section.part.empty() &&
                    (what == wire::Section::whole || (what == wire::Section::header && source_.is_head));
  if (everything) return octets(name, wire::cut(source_.message, item.partial));
  const mail::Part& message = root();
  parsed_->made.clear();
  std::optional<std::string_view> found =
      wire::section_octets(message, source_.message, item.section, parsed_->made);
  if (found) return octets(name, wire::cut(*found, item.partial));
  out_->append(name).append("NIL");
}

void FetchLine::binary(const wire::FetchItem& item) {
  const wire::BinarySection& found = decoded(item.section.part);
  const std::string name = wire::section_name(item) + " ";
  if (item.kind == wire::FetchItem::binary_size) return number(name, found.octets ? found.octets->size() : 0);
  if (found.octets) return octets(name + "~", wire::cut(*found.octets, item.partial));
  out_->append(name).append("NIL");
}

// The last one stays: often several items are about the same part.
const wire::BinarySection& FetchLine::decoded(const std::vector<uint32_t>& part) {
  const mail::Part& message = root();
  if (!parsed_->decoded || parsed_->decoded_part != part) {
    parsed_->decoded = wire::binary_section(message, source_.message, part);
    parsed_->decoded_part = part;
  }
  return *parsed_->decoded;
}

const mail::Part& FetchLine::root() {
  if (!parsed_) parsed_ = std::make_unique<Parsed>(mail::parse_message(source_.message));
  return parsed_->root;
}

FetchNeeds needs_of(const std::vector<wire::FetchItem>& items) {
  FetchNeeds needs;
  needs.head_only = true;
  for (const wire::FetchItem& item : items) {
    switch (item.kind) {
      case wire::FetchItem::envelope:
      case wire::FetchItem::body_structure:
        needs.texts = true;
        break;
      case wire::FetchItem::preview:
      case wire::FetchItem::preview_lazy:
        needs.texts = needs.preview = true;
        break;
      case wire::FetchItem::thread_id:
        needs.threads = true;
        break;
      case wire::FetchItem::body:
      case wire::FetchItem::rfc822:
      case wire::FetchItem::rfc822_header:
      case wire::FetchItem::rfc822_text:
      case wire::FetchItem::body_section:
      case wire::FetchItem::binary:
      case wire::FetchItem::binary_size:
        needs.bytes = true;
        if (!is_head(item)) needs.head_only = false;
        break;
      default:
        break;
    }
    bool shows = item.kind == wire::FetchItem::rfc822 || item.kind == wire::FetchItem::rfc822_text;
    bool reads = item.kind == wire::FetchItem::body_section || item.kind == wire::FetchItem::binary;
    if (shows || (reads && !item.peek)) needs.sets_seen = true;
  }
  return needs;
}

}  // namespace pabal::serve::imap
