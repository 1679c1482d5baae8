#include "reading/search_plan.h"

#include <algorithm>

namespace pabal::reading {

namespace {

// Makes of the terms a tree without constants, without ANDs in ANDs and ORs in ORs
// and without double negations, and writes it down with what is cheap in front.
class Planner {
 public:
  std::vector<SearchNode> plan(std::vector<SearchTerm> terms) {
    tree_.reserve(terms.size() + 1);
    // From the back, so that the operands of a compound are there when it comes.
    for (size_t i = terms.size(); i-- > 0;) {
      uint32_t made =
          terms[i].operands > 0 ? compound(std::move(terms[i])) : add({.node = std::move(terms[i].node)});
      operands_.push_back(made);
    }
    if (operands_.empty()) operands_.push_back(add({.node = always(true)}));
    return written_down(operands_.back());
  }

 private:
  struct Branch {
    SearchNode node;
    SearchNode::Kind cost = node.kind;  // the dearest kind in it
    std::vector<uint32_t> parts;
  };

  uint32_t add(Branch branch) {
    tree_.push_back(std::move(branch));
    return static_cast<uint32_t>(tree_.size() - 1);
  }

  bool is(uint32_t branch, SearchNode::Kind kind) const { return tree_[branch].node.kind == kind; }

  // Takes its operands from the stack: what it makes of them.
  uint32_t compound(SearchTerm term) {
    std::vector<uint32_t> operands(operands_.end() - term.operands, operands_.end());
    operands_.resize(operands_.size() - term.operands);
    if (term.node.kind == SearchNode::negation) return negated(operands[0]);
    const bool all = term.node.kind == SearchNode::conjunction;
    const SearchNode::Kind decisive = all ? SearchNode::nothing : SearchNode::everything;
    const SearchNode::Kind idle = all ? SearchNode::everything : SearchNode::nothing;
    Branch branch{.node = std::move(term.node)};
    for (uint32_t operand : operands) {
      if (is(operand, decisive)) return operand;
      if (!is(operand, idle)) join(branch, operand);
    }
    if (branch.parts.empty()) return operands[0];
    if (branch.parts.size() == 1) return branch.parts[0];
    return add(std::move(branch));
  }

  // The parts of its like are its own parts, and the larger list takes up the smaller.
  void join(Branch& branch, uint32_t operand) {
    Branch& other = tree_[operand];
    branch.cost = branch.parts.empty() ? other.cost : std::max(branch.cost, other.cost);
    if (other.node.kind != branch.node.kind) {
      branch.parts.push_back(operand);
      return;
    }
    if (branch.parts.size() < other.parts.size()) branch.parts.swap(other.parts);
    branch.parts.insert(branch.parts.end(), other.parts.begin(), other.parts.end());
  }

  uint32_t negated(uint32_t operand) {
    if (is(operand, SearchNode::everything)) return add({.node = always(false)});
    if (is(operand, SearchNode::nothing)) return add({.node = always(true)});
    if (is(operand, SearchNode::negation)) return tree_[operand].parts[0];
    return add({.node = {.kind = SearchNode::negation}, .cost = tree_[operand].cost, .parts = {operand}});
  }

  std::vector<SearchNode> written_down(uint32_t root) {
    std::vector<SearchNode> out;
    constexpr uint32_t ends_here = UINT32_MAX;
    struct Step {
      uint32_t branch = 0;
      uint32_t place = ends_here;  // of a compound that ends; else the branch is still to come
    };
    std::vector<Step> steps{{root}};
    while (!steps.empty()) {
      Step step = steps.back();
      steps.pop_back();
      if (step.place != ends_here) {
        out[step.place].end = static_cast<uint32_t>(out.size());
        continue;
      }
      Branch& branch = tree_[step.branch];
      auto place = static_cast<uint32_t>(out.size());
      out.push_back(std::move(branch.node));
      out.back().end = place + 1;
      if (branch.parts.empty()) continue;
      steps.push_back({step.branch, place});
      // Cheap ones first, which spare the reading for the others, else as they came: the
      // last one pushed is the next.
      std::ranges::sort(branch.parts, [this](uint32_t a, uint32_t b) {
        return tree_[a].cost != tree_[b].cost ? tree_[a].cost > tree_[b].cost : a < b;
      });
      for (uint32_t part : branch.parts) steps.push_back({part});
    }
    return out;
  }

  std::vector<Branch> tree_;
  std::vector<uint32_t> operands_;  // of the term that comes next, its first one last
};

SearchNeeds needs_of(const std::vector<SearchNode>& nodes) {
  SearchNeeds needs;
  for (const SearchNode& node : nodes) {
    needs.thread |= node.kind == SearchNode::thread;
    needs.sent_day |= node.kind == SearchNode::sent_day;
    needs.addresses |= node.kind == SearchNode::address;
    needs.header |= node.kind == SearchNode::header || node.kind == SearchNode::anywhere;
    needs.body |= node.kind == SearchNode::body || node.kind == SearchNode::anywhere;
  }
  return needs;
}

}  // namespace

SearchNode always(bool value) {
  return {.kind = value ? SearchNode::everything : SearchNode::nothing};
}

SearchPlan plan_of(std::vector<SearchTerm> terms) {
  SearchPlan plan;
  plan.nodes = Planner().plan(std::move(terms));
  plan.needs = needs_of(plan.nodes);
  return plan;
}

void renew_recent(SearchPlan& plan, const std::vector<NumberRange>& recent) {
  for (SearchNode& node : plan.nodes) {
    if (node.recent) node.ranges = recent;
  }
}

}  // namespace pabal::reading
