#include "serve/imap/annotations.h"

#include <algorithm>

#include "base/bytes.h"
#include "directory/lookup.h"
#include "proto/imap/response.h"

namespace pabal::serve::imap {

namespace wire = proto::imap;

namespace {

bool is_vendor(std::string_view entry) {
  return entry.starts_with("/private/vendor/") || entry.starts_with("/shared/vendor/") ||
         entry == "/private/vendor" || entry == "/shared/vendor";
}

// Levels below `above`; -1 if it is not below it.
int64_t levels_below(std::string_view entry, std::string_view above) {
  if (!entry.starts_with(above) || entry.size() <= above.size() || entry[above.size()] != '/') return -1;
  return std::ranges::count(entry.substr(above.size()), '/');
}

void put_value(std::string& out, const std::optional<std::string>& value, bool utf8) {
  if (value && value->find('\0') != std::string::npos) {
    wire::put_literal8(out, *value);
  } else {
    wire::put_nstring(out, value, utf8);
  }
}

}  // namespace

bool may_annotate(bool own, reading::Rights rights) {
  return own || (rights.has('l') && rights.any_of("rswip"));
}

std::vector<store::Annotation> read_annotations(store::Database& db, const store::Mailbox& mailbox,
                                                const directory::Account& reader) {
  std::vector<store::Annotation> out = store::list_annotations(db, mailbox.id, reader.id);
  if (mailbox.account == reader.id && !mailbox.special_use.empty())
    out.push_back({std::string(kSpecialUseEntry), mailbox.special_use});
  std::ranges::sort(out, {}, &store::Annotation::entry);
  return out;
}

std::vector<store::Annotation> read_server_annotations(store::Database& db, const directory::Account& reader,
                                                       std::string_view hostname) {
  std::vector<store::Annotation> out = store::list_annotations(db, MailboxId{}, reader.id);
  std::erase_if(out, [](const store::Annotation& a) { return !a.entry.starts_with("/private/"); });
  // RFC 2142 §4: somebody reads this.
  out.push_back({"/shared/admin", "mailto:postmaster@" + directory::default_domain(db)});
  out.push_back({"/shared/comment", std::string(hostname) + " runs Pabal"});
  std::ranges::sort(out, {}, &store::Annotation::entry);
  return out;
}

std::string_view entry_fault(std::string_view entry) {
  if (entry.size() > kEntryOctetsMax) return "the name of the entry is too long";
  std::string lower = to_lower(entry);
  if (!lower.starts_with("/private/") && !lower.starts_with("/shared/"))
    return "entries begin with /private/ or /shared/";
  // RFC 5464 §3.2: below vendor come the vendor and at least one more.
  if (is_vendor(lower) && std::ranges::count(lower, '/') < 4) return "a vendor's entries have four levels";
  return "";
}

ChosenAnnotations choose_annotations(const std::vector<store::Annotation>& there,
                                     const std::vector<std::string>& entries,
                                     const AnnotationChoice& choice) {
  ChosenAnnotations out;
  std::vector<char> taken(there.size(), 0);
  auto take = [&](size_t i, std::string entry) {
    if (taken[i]) return;
    taken[i] = 1;
    if (there[i].value.size() > choice.octets_max) {
      out.longest = std::max<uint64_t>(out.longest, there[i].value.size());
    } else {
      out.found.push_back({std::move(entry), there[i].value});
    }
  };
  for (const std::string& wanted : entries) {
    std::string lower = to_lower(wanted);
    bool any = false;
    for (size_t i = 0; i < there.size(); ++i) {
      bool itself = there[i].entry == lower;
      int64_t below = itself ? 0 : levels_below(there[i].entry, lower);
      if (below < 0 || (choice.depth >= 0 && below > choice.depth)) continue;
      any = true;
      take(i, itself ? wanted : there[i].entry);
    }
    if (!any) out.found.push_back({wanted, std::nullopt});
  }
  return out;
}

void put_annotations(std::string& out, std::string_view mailbox, const std::vector<ChosenAnnotation>& chosen,
                     bool utf8) {
  if (chosen.empty()) return;
  out += "* METADATA ";
  if (mailbox.empty()) {
    out += "\"\"";
  } else {
    wire::put_mailbox(out, mailbox, utf8);
  }
  out += " (";
  for (size_t i = 0; i < chosen.size(); ++i) {
    if (i > 0) out += ' ';
    wire::put_astring(out, chosen[i].entry);
    out += ' ';
    put_value(out, chosen[i].value, utf8);
  }
  out += ")\r\n";
}

}  // namespace pabal::serve::imap
