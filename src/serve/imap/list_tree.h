// Which names LIST and LSUB answer with (RFC 9051 §6.3.9, RFC 5258 §3, RFC 3501
// §6.3.9): from the names that there are, also those that are none themselves but
// stand above others.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/imap/list_pattern.h"

namespace pabal::serve::imap {

// A name that there is, as a mailbox or as a subscription.
struct ListSource {
  std::string name;  // UTF-8, as the reader sees it
  bool exists = false;
  bool subscribed = false;
  bool special_use = false;
  size_t mailbox = 0;  // for the caller, if it exists
};

// Every name directly before those below it.
bool tree_less(std::string_view a, std::string_view b);

struct ListChoice {
  bool subscribed = false;   // only what is subscribed, also if it does not exist
  bool special_use = false;  // only what has a special use
  bool recursive = false;    // RECURSIVEMATCH; LSUB's \Noselect follows the same rule
};

struct ListLine {
  std::string_view name;               // lives in the sources
  const ListSource* source = nullptr;  // nullptr: only stands above others
  bool chosen = false;                 // for itself, not for what is below
  bool has_children = false;           // mailboxes
  bool child_info = false;             // something below it would be chosen
};

// sources: in the order of tree_less, no name twice. In that order too.
std::vector<ListLine> choose_lines(const std::vector<ListSource>& sources, ListPatterns& patterns,
                                   const ListChoice& choice);

}  // namespace pabal::serve::imap
