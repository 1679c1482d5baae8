#include "imap_search.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"

namespace pabal::simulation {

namespace {

// No indexer is so fast: it waits until deliveries pause.
constexpr auto kIndexedAfter = std::chrono::milliseconds(150);

Match to_match(bool yes) {
  return yes ? Match::yes : Match::no;
}

std::string_view header_of(std::string_view mail) {
  return mail.substr(0, mail.find("\r\n\r\n") + 2);
}

// Whose text is what stands there: without encodings and parts.
bool is_plain(std::string_view mail) {
  std::string_view header = header_of(mail);
  return header.find("Content-T") == std::string_view::npos &&
         std::ranges::all_of(mail, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string field_of(std::string_view mail, std::string_view name) {
  for (std::string_view line : split(header_of(mail), '\n')) {
    if (istarts_with(line, name)) return std::string(trim(line.substr(name.size())));
  }
  return "";
}

ImapSearch draw_flag(sim::SimRandom& random) {
  constexpr std::pair<const char*, const char*> keys[] = {
      {"SEEN", "\\Seen"},       {"ANSWERED", "\\Answered"}, {"FLAGGED", "\\Flagged"}, {"DRAFT", "\\Draft"},
      {"DELETED", "\\Deleted"}, {"KEYWORD kw1", "kw1"},     {"KEYWORD kw2", "kw2"}};
  auto [key, flag] = keys[random.below(std::size(keys))];
  bool without = random.chance(40);
  return {.text = (without ? "UN" : "") + std::string(key),
          .matches = [flag = std::string(flag), without](const ImapView::Entry& entry, const ImapMail&,
                                                         uint32_t) {
            return entry.flags ? to_match(entry.flags->contains(flag) != without) : Match::unknown;
          }};
}

ImapSearch draw_numbers(sim::SimRandom& random, const ImapView& view) {
  bool uids = random.chance(50);
  uint32_t most = static_cast<uint32_t>(view.entries().size()) + 3;
  if (uids && !view.entries().empty()) most = view.entries().back().uid + 3;
  uint32_t first = static_cast<uint32_t>(random.up_to(most)),
           last = static_cast<uint32_t>(random.up_to(most));
  if (!uids) {
    // RFC 9051 lets a server refuse numbers that there are none of.
    first = std::min<uint32_t>(first, static_cast<uint32_t>(view.entries().size()));
    last = std::min<uint32_t>(last, static_cast<uint32_t>(view.entries().size()));
    if (first == 0 || last == 0) uids = true, first = 1, last = 5;
  }
  std::string set = std::to_string(first) + ":" + std::to_string(last);
  if (first > last) std::swap(first, last);
  return {.text = (uids ? "UID " : "") + set,
          .matches = [uids, first, last](const ImapView::Entry& entry, const ImapMail&, uint32_t number) {
            if (uids && entry.uid == 0) return Match::unknown;
            uint32_t n = uids ? entry.uid : number;
            return to_match(first <= n && n <= last);
          }};
}

// Words that some mail has.
std::string draw_needle(sim::SimRandom& random, const ImapBox& box, const std::string& field) {
  std::vector<const ImapMail*> mails;
  for (const auto& [uid, mail] : box.mails) {
    if (mail.bytes && is_plain(*mail.bytes)) mails.push_back(&mail);
  }
  if (mails.empty() || random.chance(15)) return "nowhere-to-be-found";
  const std::string& bytes = *mails[random.below(mails.size())]->bytes;
  std::string text = field.empty() ? bytes.substr(bytes.find("\r\n\r\n") + 4) : field_of(bytes, field);
  size_t begin = text.empty() ? 0 : random.below(text.size());
  std::string needle;
  for (size_t i = begin; i < text.size() && needle.size() < 12; ++i) {
    bool word = (text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '-';
    if (!word && !needle.empty()) break;
    if (word) needle += text[i];
  }
  return needle.empty() ? "nowhere-to-be-found" : needle;
}

ImapSearch draw_text(sim::SimRandom& random, const ImapBox& box) {
  constexpr const char* kinds[] = {"SUBJECT", "BODY", "TEXT", "HEADER Message-ID"};
  uint64_t kind = random.below(std::size(kinds));
  std::string field = kind == 0 ? "Subject:" : kind == 1 ? "" : "Message-ID:";
  std::string needle = draw_needle(random, box, field);
  auto matches = [kind, field, needle](const ImapView::Entry&, const ImapMail& mail, uint32_t) {
    if (!mail.bytes || !is_plain(*mail.bytes)) return Match::unknown;
    std::string text = to_lower(*mail.bytes);
    size_t body = text.find("\r\n\r\n");
    if (kind == 1) return to_match(text.find(needle, body) != std::string::npos);
    if (kind == 2) return to_match(text.find(needle) != std::string::npos);
    return to_match(to_lower(field_of(*mail.bytes, field)).find(needle) != std::string::npos);
  };
  return {.text = std::string(kinds[kind]) + " \"" + needle + "\"", .reads_text = true, .matches = matches};
}

ImapSearch draw_size(sim::SimRandom& random) {
  bool larger = random.chance(50);
  uint64_t limit = random.below(4'000);
  return {.text = (larger ? "LARGER " : "SMALLER ") + std::to_string(limit),
          .matches = [larger, limit](const ImapView::Entry&, const ImapMail& mail, uint32_t) {
            if (!mail.size_octets) return Match::unknown;
            return to_match(larger ? *mail.size_octets > limit : *mail.size_octets < limit);
          }};
}

ImapSearch draw_modseq(sim::SimRandom& random, const ImapView& view) {
  uint64_t some = view.entries().empty() ? 1 : view.entries()[random.below(view.entries().size())].modseq;
  return {.text = "MODSEQ " + std::to_string(some),
          .needs_modseq = true,
          .matches = [some](const ImapView::Entry& entry, const ImapMail&, uint32_t) {
            return entry.modseq == 0 ? Match::unknown : to_match(entry.modseq >= some);
          }};
}

ImapSearch draw_key(sim::SimRandom& random, const ImapBox& box, const ImapView& view, int depth) {
  uint64_t n = random.below(depth > 0 ? 14 : 11);
  if (n < 4) return draw_flag(random);
  if (n < 5) return draw_numbers(random, view);
  if (n < 9) return draw_text(random, box);
  if (n < 10) return draw_size(random);
  if (n < 11) return draw_modseq(random, view);
  ImapSearch a = draw_key(random, box, view, depth - 1);
  if (n == 11) {
    auto matches = [inner = a.matches](const ImapView::Entry& entry, const ImapMail& mail, uint32_t number) {
      Match match = inner(entry, mail, number);
      return match == Match::unknown ? match : to_match(match == Match::no);
    };
    return {"NOT (" + a.text + ")", a.needs_modseq, a.reads_text, matches};
  }
  ImapSearch b = draw_key(random, box, view, depth - 1);
  bool any = n == 12;
  auto matches = [any, a, b](const ImapView::Entry& entry, const ImapMail& mail, uint32_t number) {
    Match x = a.matches(entry, mail, number), y = b.matches(entry, mail, number);
    return any ? std::max(x, y) : std::min(x, y);
  };
  std::string text = any ? "OR (" + a.text + ") (" + b.text + ")" : "(" + a.text + " " + b.text + ")";
  return {text, a.needs_modseq || b.needs_modseq, a.reads_text || b.reads_text, matches};
}

// What the server has answered.
struct Answer {
  std::optional<std::vector<uint32_t>> all;
  std::optional<uint64_t> min, max, count;
};

std::optional<Answer> answer_of(const std::vector<ImapResponse>& told) {
  std::optional<Answer> answer;
  for (const ImapResponse& response : told) {
    if (response.is("SEARCH")) {
      answer.emplace();
      answer->all.emplace();
      for (size_t i = 1; i < response.values.size(); ++i) {
        if (auto number = response.values[i].number()) answer->all->push_back(static_cast<uint32_t>(*number));
      }
    }
    if (!response.is("ESEARCH")) continue;
    answer.emplace();
    for (size_t i = 1; i + 1 < response.values.size(); ++i) {
      const ImapValue& value = response.values[i + 1];
      if (response.values[i].is("ALL")) answer->all = numbers_of_set(value.text);
      if (response.values[i].is("MIN")) answer->min = value.number();
      if (response.values[i].is("MAX")) answer->max = value.number();
      if (response.values[i].is("COUNT")) answer->count = value.number();
    }
  }
  return answer;
}

}  // namespace

ImapSearch draw_search(sim::SimRandom& random, const ImapBox& box, const ImapView& view) {
  return draw_key(random, box, view, 2);
}

std::string judge_search(const ImapSearch& search, const std::vector<ImapView::Entry>& entries, ImapBox& box,
                         const std::vector<ImapResponse>& told, SearchForm form, Instant begun,
                         Ledger& ledger) {
  std::optional<Answer> answer = answer_of(told);
  if (!answer) return "no answer";
  if (form.wants_all && !answer->all) answer->all.emplace();
  std::vector<uint32_t> certain, possible;  // the second has the first in it
  for (uint32_t i = 0; i < entries.size(); ++i) {
    const ImapView::Entry& entry = entries[i];
    static const ImapMail nobody_knows;
    auto mail = box.mails.find(entry.uid);
    const ImapMail& known = mail == box.mails.end() ? nobody_knows : mail->second;
    // What others have expunged keeps its number, but nobody can read it any more.
    bool perhaps_gone = known.state.may_be([](const ImapMailState& state) { return !state.present; });
    Match match = search.reads_text && perhaps_gone ? Match::unknown : search.matches(entry, known, i + 1);
    uint32_t name = form.by_uid ? entry.uid : i + 1;
    if (match == Match::yes) certain.push_back(name);
    if (match != Match::no) possible.push_back(name);
    bool fresh = known.appended && begun - *known.appended < kIndexedAfter;
    if (match == Match::yes && search.reads_text && fresh)
      ledger.mark("search saw a mail that was not indexed yet");
  }
  auto text = [&] { return set_of_numbers(certain) + " expected, perhaps " + set_of_numbers(possible); };
  if (answer->all) {
    std::vector<uint32_t> found = *answer->all;
    std::ranges::sort(found);
    if (!std::ranges::includes(found, certain)) return set_of_numbers(found) + " found; " + text();
    if (!std::ranges::includes(possible, found)) return set_of_numbers(found) + " found; " + text();
  }
  if (answer->count && (*answer->count < certain.size() || *answer->count > possible.size()))
    return std::to_string(*answer->count) + " counted; " + text();
  if (answer->min &&
      (!has_number(possible, *answer->min) || (!certain.empty() && *answer->min > certain.front())))
    return "MIN " + std::to_string(*answer->min) + "; " + text();
  if (answer->max &&
      (!has_number(possible, *answer->max) || (!certain.empty() && *answer->max < certain.back())))
    return "MAX " + std::to_string(*answer->max) + "; " + text();
  return "";
}

}  // namespace pabal::simulation
