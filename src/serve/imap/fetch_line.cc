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

// All of the message is shown, or a piece of that.
bool is_of_all(const wire::FetchItem& item) {
  const bool section = item.kind == wire::FetchItem::body_section || wire::is_binary(item);
  return item.kind == wire::FetchItem::rfc822 ||
         (section && item.section.part.empty() && item.section.what == wire::Section::whole);
}

// Nothing less than the whole message will do; BODY is made of it anew.
bool takes_all(const wire::FetchItem& item) {
  return item.kind == wire::FetchItem::body || (is_of_all(item) && !item.partial);
}

uint64_t octets_of(const wire::FetchItem& item) {
  constexpr uint64_t kHeadOctets = 64 << 10;
  if (is_head(item)) return kHeadOctets;
  return item.partial ? item.partial->octets : UINT64_MAX;
}

}  // namespace

FetchLine::FetchLine(const FetchSource& source, const FetchForm& form) : source_(source), form_(form) {}

FetchLine::~FetchLine() = default;

bool FetchLine::can_be_told() {
  return std::ranges::none_of(form_.items, [this](const wire::FetchItem& item) {
    return wire::is_binary(item) && !wire::can_decode(item, outline());
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
  const reading::Item& mail = source_.item;
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
      out.append("BODY ").append(wire::body_text(root(), source_.octets.whole(), form_.texts));
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
    case wire::FetchItem::rfc822_header:
    case wire::FetchItem::rfc822_text:
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
  const wire::SectionPlace place = wire::octets_for(item, outline());
  if (place.kind == wire::SectionPlace::nowhere) {
    out_->append(name).append("NIL");
    return;
  }
  const std::string_view found = source_.octets.at(place);
  if (!wire::is_subset(item.section)) return octets(name, found);
  decoded_ = nullptr;
  made_ = wire::header_subset(found, item.section);
  octets(name, wire::cut(made_, item.partial));
}

void FetchLine::binary(const wire::FetchItem& item) {
  const std::string name = wire::section_name(item) + " ";
  const wire::SectionPlace whole = wire::find_section(outline(), item.section);
  const bool size = item.kind == wire::FetchItem::binary_size;
  if (whole.kind == wire::SectionPlace::nowhere) {
    if (size) return number(name, 0);
    out_->append(name).append("NIL");
    return;
  }
  const wire::SectionPlace place = wire::octets_for(item, outline());
  const mail::Outline* part = whole.part;
  if (part == nullptr || !wire::has_to_be_decoded(*part)) {
    return size ? number(name, whole.end - whole.begin) : octets(name + "~", source_.octets.at(place));
  }
  if (size) return number(name, part->line_octets > 0 ? part->decoded_octets : decoded(item, place).size());
  octets(name + "~", decoded(item, place));
}

// What is asked for of an encoded part. All of the last one stays: often several items are
// about the same.
std::string_view FetchLine::decoded(const wire::FetchItem& item, const wire::SectionPlace& place) {
  const mail::Outline* part = place.part;
  if (part->line_octets > 0 && item.partial) {
    decoded_ = nullptr;
    made_ = mail::decode_transfer(part->encoding, source_.octets.at(place));
    const uint64_t skip = mail::encoded_range(*part, item.partial->offset, item.partial->octets).skip;
    return wire::cut(made_, wire::Partial{skip, item.partial->octets});
  }
  if (decoded_ != part) made_ = mail::decode_transfer(part->encoding, source_.octets.at(place));
  decoded_ = part;
  return wire::cut(made_, item.partial);
}

const mail::Outline& FetchLine::outline() {
  if (source_.outline != nullptr) return *source_.outline;
  if (!outline_) outline_ = std::make_unique<mail::Outline>(mail::outline_of(root()));
  return *outline_;
}

const mail::Part& FetchLine::root() {
  if (!root_) root_ = std::make_unique<mail::Part>(mail::parse_message(source_.octets.whole()));
  return *root_;
}

FetchNeeds needs_of(const std::vector<wire::FetchItem>& items) {
  FetchNeeds needs{.head_only = true, .octets_max = 0};
  for (const wire::FetchItem& item : items) {
    switch (item.kind) {
      case wire::FetchItem::envelope:
        needs.texts = true;
        break;
      case wire::FetchItem::body_structure:
        needs.texts = needs.structure = true;
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
        if (takes_all(item)) needs.all_bytes = true;
        if (is_head(item)) needs.head = true;
        if (!is_head(item)) needs.head_only = false;
        if (!is_head(item) && !is_of_all(item)) needs.parts = true;
        needs.octets_max =
            octets_of(item) > UINT64_MAX - needs.octets_max ? UINT64_MAX : needs.octets_max + octets_of(item);
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
