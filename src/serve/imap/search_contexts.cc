#include "serve/imap/search_contexts.h"

#include <algorithm>

namespace pabal::serve::imap {

namespace {

std::vector<uint32_t> sorted(std::vector<uint32_t> uids) {
  std::ranges::sort(uids);
  return uids;
}

// Those of `uids` that are (not) in `rising`, in their order.
std::vector<uint32_t> filtered(const std::vector<uint32_t>& uids, const std::vector<uint32_t>& rising,
                               bool in) {
  std::vector<uint32_t> out;
  for (uint32_t uid : uids) {
    if (std::ranges::binary_search(rising, uid) == in) out.push_back(uid);
  }
  return out;
}

// The runs of `uids` that are not in `rising`, at their places from 1 on.
std::vector<ContextStep> runs(const std::vector<uint32_t>& uids, const std::vector<uint32_t>& rising) {
  std::vector<ContextStep> steps;
  bool in_run = false;
  for (uint32_t place = 1; place <= uids.size(); ++place) {
    uint32_t uid = uids[place - 1];
    bool here = !std::ranges::binary_search(rising, uid);
    if (here && !in_run) steps.push_back({.position = place, .uids = {}});
    if (here) steps.back().uids.push_back(uid);
    in_run = here;
  }
  return steps;
}

}  // namespace

ContextSteps steps_between(const std::vector<uint32_t>& before, const std::vector<uint32_t>& after,
                           bool positions) {
  const std::vector<uint32_t> old_uids = sorted(before), new_uids = sorted(after);
  ContextSteps steps;
  if (!positions) {
    std::vector<uint32_t> removed = filtered(old_uids, new_uids, false);
    std::vector<uint32_t> added = filtered(new_uids, old_uids, false);
    if (!removed.empty()) steps.removed.push_back({.uids = std::move(removed)});
    if (!added.empty()) steps.added.push_back({.uids = std::move(added)});
    return steps;
  }
  if (filtered(before, new_uids, true) != filtered(after, old_uids, true)) {
    // What stays has changed places: all goes, and comes as it is now.
    steps.removed.push_back({.position = 1, .uids = before});
    steps.added.push_back({.position = 1, .uids = after});
    return steps;
  }
  // From the end, so that the positions before are still what they were.
  steps.removed = runs(before, new_uids);
  std::ranges::reverse(steps.removed);
  steps.added = runs(after, old_uids);
  return steps;
}

}  // namespace pabal::serve::imap
