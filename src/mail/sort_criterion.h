// By what mails are sorted (RFC 5256 §3, RFC 5957, RFC 6203 §6).
#pragma once

namespace pabal::mail {

struct SortCriterion {
  enum Key : unsigned char {
    arrival,
    cc,
    date,
    from,
    size,
    subject,
    to,
    display_from,
    display_to,
    relevancy
  };
  Key key = arrival;
  bool reverse = false;
  bool operator==(const SortCriterion&) const = default;
};

}  // namespace pabal::mail
