// SEARCH, answered from what a client knows of the mailbox.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "imap_model.h"
#include "imap_view.h"
#include "ledger.h"
#include "sim/random.h"

namespace pabal::simulation {

enum class Match { no, unknown, yes };

struct ImapSearch {
  std::string text;  // as it is sent
  bool needs_modseq = false;
  bool reads_text = false;
  // number: of the message, from 1
  std::function<Match(const ImapView::Entry& entry, const ImapMail& mail, uint32_t number)> matches;
};

struct SearchForm {
  bool by_uid = false, wants_all = false;
};

ImapSearch draw_search(sim::SimRandom& random, const ImapBox& box, const ImapView& view);

// What is wrong with the untagged answer, "" if nothing is. `entries` as they were when it was sent.
std::string judge_search(const ImapSearch& search, const std::vector<ImapView::Entry>& entries, ImapBox& box,
                         const std::vector<ImapResponse>& told, SearchForm form, Instant begun,
                         Ledger& ledger);

}  // namespace pabal::simulation
