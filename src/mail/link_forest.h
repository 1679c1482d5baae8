// Trees that are joined and taken apart, and the question to which tree a node
// belongs: link-cut trees (Sleator and Tarjan), each step O(log n) amortized however
// deep the trees are. For this module's own use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pabal::mail {

class LinkForest {
 public:
  static constexpr uint32_t none = UINT32_MAX;

  explicit LinkForest(size_t size);  // as many trees of one node

  uint32_t parent(uint32_t node) const { return nodes_[node].tree_parent; }
  bool has_children(uint32_t node) const { return nodes_[node].children > 0; }
  uint32_t root(uint32_t node);

  void link(uint32_t root, uint32_t parent);  // of another tree
  void cut(uint32_t node);                    // from its parent, which it has

 private:
  // The nodes of a preferred path are a splay tree ordered by depth; its root's
  // `up` is the node above the path.
  struct Node {
    uint32_t tree_parent = none;
    uint32_t children = 0;
    uint32_t up = none, left = none, right = none;
  };

  bool is_path_root(uint32_t node) const;
  void rotate(uint32_t node);
  void splay(uint32_t node);
  void access(uint32_t node);  // afterwards it is the root of the path from the tree's root to it

  std::vector<Node> nodes_;
};

}  // namespace pabal::mail
