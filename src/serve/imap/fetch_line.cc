#include "serve/imap/fetch_line.h"

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

class Writer {
 public:
  Writer(std::string& out, const FetchSource& source, const FetchForm& form)
      : out_(out), source_(source), form_(form) {}

  bool line() {
    size_t begin = out_.size();
    out_ += "* ";
    wire::put_number(out_, form_.uid_only ? source_.item.uid : source_.number);
    out_ += form_.uid_only ? " UIDFETCH (" : " FETCH (";
    bool first = true;
    for (const wire::FetchItem& item : form_.items) {
      if (item.kind == wire::FetchItem::uid && form_.uid_only) continue;
      if (!first) out_ += ' ';
      first = false;
      if (put(item)) continue;
      out_.resize(begin);
      return false;
    }
    out_ += ")\r\n";
    return true;
  }

 private:
  bool put(const wire::FetchItem& item) {
    const Item& mail = source_.item;
    switch (item.kind) {
      case wire::FetchItem::flags:
        out_ += "FLAGS (";
        wire::put_flags(out_, mail.flags, form_.keywords);
        out_ += ')';
        return true;
      case wire::FetchItem::internal_date:
        out_ += "INTERNALDATE ";
        wire::put_internal_date(out_, Time{mail.internal_date_ms});
        return true;
      case wire::FetchItem::rfc822_size:
        return number("RFC822.SIZE ", mail.size_octets);
      case wire::FetchItem::uid:
        return number("UID ", mail.uid);
      case wire::FetchItem::modseq:
        out_ += "MODSEQ (";
        wire::put_number(out_, static_cast<uint64_t>(mail.modseq));
        out_ += ')';
        return true;
      case wire::FetchItem::email_id:
        out_ += "EMAILID (M";
        wire::put_number(out_, static_cast<uint64_t>(mail.message));
        out_ += ')';
        return true;
      case wire::FetchItem::thread_id:
        out_ += "THREADID (T";
        wire::put_number(out_, static_cast<uint64_t>(source_.thread.value));
        out_ += ')';
        return true;
      case wire::FetchItem::save_date:
        out_ += "SAVEDATE ";
        wire::put_internal_date(out_, Time{mail.saved_at_ms});
        return true;
      case wire::FetchItem::envelope:
        out_.append("ENVELOPE ").append(source_.texts->envelope);
        return true;
      case wire::FetchItem::body_structure:
        out_.append("BODYSTRUCTURE ").append(source_.texts->body_structure);
        return true;
      case wire::FetchItem::body:
        out_.append("BODY ").append(wire::body_text(root(), source_.message));
        return true;
      case wire::FetchItem::preview:
      case wire::FetchItem::preview_lazy:
        out_ += "PREVIEW ";
        if (source_.texts == nullptr) {
          out_ += "NIL";
        } else {
          wire::put_string(out_, *source_.texts->preview, form_.utf8);
        }
        return true;
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
    return true;
  }

  bool number(std::string_view name, uint64_t value) {
    out_ += name;
    wire::put_number(out_, value);
    return true;
  }

  bool octets(std::string_view name, std::string_view value) {
    out_ += name;
    wire::put_literal(out_, value);
    return true;
  }

  bool section(const wire::FetchItem& item) {
    out_.append(wire::section_name(item)).append(" ");
    const wire::Section::Text what = item.section.what;
    bool everything = item.section.part.empty() &&
                      (what == wire::Section::whole || (what == wire::Section::header && source_.is_head));
    if (everything) {
      wire::put_literal(out_, wire::cut(source_.message, item.partial));
      return true;
    }
    std::string made;
    std::optional<std::string_view> found = wire::section_octets(root(), source_.message, item.section, made);
    if (found) {
      wire::put_literal(out_, wire::cut(*found, item.partial));
    } else {
      out_ += "NIL";
    }
    return true;
  }

  bool binary(const wire::FetchItem& item) {
    wire::BinarySection found = wire::binary_section(root(), source_.message, item.section.part);
    if (found.not_decodable) return false;
    out_.append(wire::section_name(item)).append(" ");
    if (item.kind == wire::FetchItem::binary_size) {
      wire::put_number(out_, found.octets ? found.octets->size() : 0);
    } else if (found.octets) {
      wire::put_literal8(out_, wire::cut(*found.octets, item.partial));
    } else {
      out_ += "NIL";
    }
    return true;
  }

  const mail::Part& root() {
    if (!root_) root_ = mail::parse_message(source_.message);
    return *root_;
  }

  std::string& out_;
  const FetchSource& source_;
  const FetchForm& form_;
  std::optional<mail::Part> root_;
};

}  // namespace

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

bool put_fetch_line(std::string& out, const FetchSource& source, const FetchForm& form) {
  return Writer(out, source, form).line();
}

}  // namespace pabal::serve::imap
