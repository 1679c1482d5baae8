#include "serve/imap/list_tree.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace pabal::serve::imap {
namespace {

struct Tree {
  std::vector<ListSource> sources;

  Tree(std::vector<std::string> mailboxes, std::vector<std::string> subscriptions = {}) {
    for (const std::string& name : mailboxes) at(name).exists = true;
    for (const std::string& name : subscriptions) at(name).subscribed = true;
    std::ranges::sort(sources, tree_less, &ListSource::name);
  }

  ListSource& at(const std::string& name) {
    auto found = std::ranges::find(sources, name, &ListSource::name);
    return found != sources.end() ? *found : sources.emplace_back(ListSource{.name = name});
  }

  // "Foo+ Moo- a!+": with children, without, and not there itself; "?" for child_info.
  std::string list(std::vector<std::string> patterns, ListChoice choice = {}) {
    ListPatterns compiled("", patterns);
    std::string out;
    for (const ListLine& line : choose_lines(sources, compiled, choice)) {
      if (!out.empty()) out += ' ';
      out += line.name;
      if (line.source == nullptr || !line.source->exists) out += '!';
      out += line.has_children ? '+' : '-';
      if (choice.recursive && line.child_info) out += '?';
    }
    return out;
  }
};

constexpr ListChoice kSubscribed{.subscribed = true};
constexpr ListChoice kRecursive{.subscribed = true, .recursive = true};

const std::vector<std::string> kFruit = {"INBOX", "Fruit",     "Fruit/Apple",        "Fruit/Banana",
                                         "Tofu",  "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn"};

TEST(ListTree, PutsChildrenDirectlyBehindTheirParent) {
  EXPECT_TRUE(tree_less("a", "a/b"));
  EXPECT_TRUE(tree_less("a/b", "a b"));
  EXPECT_TRUE(tree_less("a/b", "a-b"));
  EXPECT_FALSE(tree_less("a", "a"));
  EXPECT_TRUE(tree_less("a", "ä"));
}

// RFC 5258 §5, examples 1 to 3.
TEST(ListTree, ListsMailboxesAndSubscriptions) {
  Tree tree(kFruit, {"INBOX", "Fruit/Banana", "Fruit/Peach", "Vegetable", "Vegetable/Broccoli"});
  EXPECT_EQ(tree.list({"*"}),
            "Fruit+ Fruit/Apple- Fruit/Banana- INBOX- Tofu- Vegetable+ Vegetable/Broccoli- Vegetable/Corn-");
  EXPECT_EQ(tree.list({"*"}, kSubscribed),
            "Fruit/Banana- Fruit/Peach!- INBOX- Vegetable+ Vegetable/Broccoli-");
  EXPECT_EQ(tree.list({"%"}), "Fruit+ INBOX- Tofu- Vegetable+");
}

// RFC 5258 §5, example 7.
TEST(ListTree, TakesSeveralPatternsAndTellsEachNameOnce) {
  Tree tree({"INBOX", "Drafts", "Sent", "Sent/March2004", "Sent/May2004", "Trash"});
  EXPECT_EQ(tree.list({"INBOX", "Drafts", "Sent/%", "Sent/M*"}),
            "Drafts- INBOX- Sent/March2004- Sent/May2004-");
}

// RFC 5258 §5, example 8.
TEST(ListTree, TellsOfChosenChildren) {
  const std::vector<std::string> boxes = {"INBOX", "Foo", "Foo/Bar", "Foo/Baz", "Moo"};
  EXPECT_EQ(Tree(boxes, {"Foo/Baz"}).list({"*"}, kSubscribed), "Foo/Baz-");
  EXPECT_EQ(Tree(boxes, {"Foo/Baz"}).list({"%"}, kSubscribed), "");
  EXPECT_EQ(Tree(boxes, {"Foo/Baz"}).list({"%"}, kRecursive), "Foo+?");
  EXPECT_EQ(Tree(boxes, {"Foo", "Foo/Baz"}).list({"%"}, kRecursive), "Foo+?");
  EXPECT_EQ(Tree({"INBOX", "Foo/Baz", "Moo"}, {"Foo/Baz"}).list({"%"}, kRecursive), "Foo!+?");
  EXPECT_EQ(Tree(boxes).list({"%"}, kRecursive), "");
  EXPECT_EQ(Tree(boxes, {"Foo", "Moo"}).list({"%"}, kRecursive), "Foo+ Moo-");
}

// RFC 5258 §5, example 9: what tells of itself needs no CHILDINFO above.
TEST(ListTree, LeavesOutRedundantChildInfo) {
  Tree tree({"INBOX", "foo2", "foo2/bar1", "foo2/bar2", "baz2", "baz2/bar2", "baz2/bar22", "baz2/bar222",
             "eps2", "eps2/mamba", "qux2/bar2"},
            {"foo2/bar1", "foo2/bar2", "baz2/bar2", "baz2/bar22", "baz2/bar222", "eps2", "eps2/mamba",
             "qux2/bar2"});
  EXPECT_EQ(tree.list({"*2"}, kRecursive),
            "baz2/bar2- baz2/bar22- baz2/bar222- eps2+? foo2+? foo2/bar2- qux2/bar2-");
}

// RFC 5258 §5, example 10.
TEST(ListTree, ChildInfoIsNotHasChildren) {
  Tree tree({"foo"}, {"foo/bar"});
  EXPECT_EQ(tree.list({"foo", "foo/*"}), "foo-");
  EXPECT_EQ(tree.list({"foo/*"}, kSubscribed), "foo/bar!-");
  EXPECT_EQ(tree.list({"foo"}, kRecursive), "foo-?");
}

// RFC 5258 §5, example 11; RFC 3501 §6.3.4.
TEST(ListTree, ListsWhatOnlyStandsAboveOthers) {
  Tree tree({"music/rock", "also/deep/jazz"});
  EXPECT_EQ(tree.list({"*"}), "also/deep/jazz- music/rock-");
  EXPECT_EQ(tree.list({"%"}), "also!+ music!+");
  EXPECT_EQ(tree.list({"%", "music/rock"}), "also!+ music/rock-");
  EXPECT_EQ(tree.list({"also/%"}), "also/deep!+");
  EXPECT_EQ(tree.list({"music"}), "music!+");
  EXPECT_EQ(tree.list({"%"}, kSubscribed), "");
}

// RFC 6154 §5.2
TEST(ListTree, ChoosesSpecialUses) {
  Tree tree({"INBOX", "Mail", "Mail/Sent", "ToDo"});
  tree.at("Mail/Sent").special_use = true;
  EXPECT_EQ(tree.list({"*"}, {.special_use = true}), "Mail/Sent-");
  EXPECT_EQ(tree.list({"%"}, {.special_use = true, .recursive = true}), "Mail+?");
}

TEST(ListTree, BearsStrangeNames) {
  Tree tree({"/", "a//b", "a/"}, {"//"});
  EXPECT_NE(tree.list({"*"}), "");
  EXPECT_EQ(Tree({}).list({"*"}), "");
}

}  // namespace
}  // namespace pabal::serve::imap
