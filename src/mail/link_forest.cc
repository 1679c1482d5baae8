#include "mail/link_forest.h"

namespace pabal::mail {

LinkForest::LinkForest(size_t size) : nodes_(size) {}

bool LinkForest::is_path_root(uint32_t node) const {
  uint32_t up = nodes_[node].up;
  return up == none || (nodes_[up].left != node && nodes_[up].right != node);
}

void LinkForest::rotate(uint32_t node) {
  uint32_t parent = nodes_[node].up, above = nodes_[parent].up;
  bool parent_is_path_root = is_path_root(parent);
  bool is_left = nodes_[parent].left == node;
  uint32_t moved = is_left ? nodes_[node].right : nodes_[node].left;
  (is_left ? nodes_[parent].left : nodes_[parent].right) = moved;
  (is_left ? nodes_[node].right : nodes_[node].left) = parent;
  if (moved != none) nodes_[moved].up = parent;
  nodes_[parent].up = node;
  nodes_[node].up = above;
  if (!parent_is_path_root) (nodes_[above].left == parent ? nodes_[above].left : nodes_[above].right) = node;
}

void LinkForest::splay(uint32_t node) {
  while (!is_path_root(node)) {
    uint32_t parent = nodes_[node].up;
    if (!is_path_root(parent)) {
      uint32_t above = nodes_[parent].up;
      bool same_side = (nodes_[parent].left == node) == (nodes_[above].left == parent);
      rotate(same_side ? parent : node);
    }
    rotate(node);
  }
}

void LinkForest::access(uint32_t node) {
  uint32_t below = none;
  for (uint32_t at = node; at != none; at = nodes_[at].up) {
    splay(at);
    nodes_[at].right = below;
    below = at;
  }
  splay(node);
}

uint32_t LinkForest::root(uint32_t node) {
  access(node);
  uint32_t at = node;
  while (nodes_[at].left != none) at = nodes_[at].left;
  splay(at);  // what was walked down is paid for by this
  return at;
}

void LinkForest::link(uint32_t root, uint32_t parent) {
  access(root);
  nodes_[root].up = parent;
  nodes_[root].tree_parent = parent;
  ++nodes_[parent].children;
}

void LinkForest::cut(uint32_t node) {
  access(node);
  nodes_[nodes_[node].left].up = none;
  nodes_[node].left = none;
  --nodes_[nodes_[node].tree_parent].children;
  nodes_[node].tree_parent = none;
}

}  // namespace pabal::mail
