// LIST and LSUB (RFC 9051 §6.3.9, RFC 3501 §6.3.9, RFC 5258, RFC 5819, RFC 6154,
// RFC 8440, RFC 9590), NAMESPACE (RFC 2342).
#include <algorithm>

#include "proto/imap/response.h"
#include "serve/imap/acl.h"
#include "serve/imap/annotations.h"
#include "serve/imap/list_tree.h"
#include "serve/imap/mailbox_status.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

// What one read finds out.
struct Listing {
  std::vector<reading::SeenMailbox> mailboxes;
  std::vector<ListSource> sources;
  std::vector<ListLine> lines;                              // refer to the sources
  std::vector<std::vector<store::Annotation>> annotations;  // of each line, if wanted
};

}  // namespace

}  // namespace pabal::serve::imap

// Refers to nothing outside of itself.
template <>
inline constexpr bool pabal::kPortable<pabal::serve::imap::Listing> = true;

namespace pabal::serve::imap {

namespace {

// Mailboxes and subscriptions as one tree; a name that is both is there once.
std::vector<ListSource> gather_sources(const std::vector<reading::SeenMailbox>& mailboxes,
                                       const std::vector<std::string>& subscriptions) {
  std::vector<ListSource> sources;
  sources.reserve(mailboxes.size() + subscriptions.size());
  for (size_t i = 0; i < mailboxes.size(); ++i) {
    bool special = mailboxes[i].own && !mailboxes[i].mailbox.special_use.empty();
    sources.push_back(
        {.name = shown_name(mailboxes[i]), .exists = true, .special_use = special, .mailbox = i});
  }
  for (const std::string& name : subscriptions) sources.push_back({.name = name, .subscribed = true});
  // Of two with one name the mailbox comes first.
  std::ranges::sort(sources, [](const ListSource& a, const ListSource& b) {
    return a.name == b.name ? a.exists > b.exists : tree_less(a.name, b.name);
  });
  auto out = sources.begin();
  for (auto in = sources.begin(); in != sources.end(); ++in) {
    if (out != sources.begin() && std::prev(out)->name == in->name) {
      std::prev(out)->subscribed |= in->subscribed;
    } else {
      if (out != in) *out = std::move(*in);
      ++out;
    }
  }
  sources.erase(out, sources.end());
  return sources;
}

Listing read_tree(store::Database& db, const directory::Account& reader, const wire::List& command) {
  Listing tree;
  tree.mailboxes = reading::see_mailboxes(db, reader);
  std::vector<std::string> subscriptions;
  if (command.lsub || command.only_subscribed || command.returns.subscribed)
    subscriptions = store::list_subscriptions(db, reader.id);
  tree.sources = gather_sources(tree.mailboxes, subscriptions);
  ListPatterns patterns(command.reference, command.patterns);
  tree.lines = choose_lines(tree.sources, patterns,
                            {.subscribed = command.only_subscribed || command.lsub,
                             .special_use = command.only_special_use,
                             .recursive = command.recursive_match || command.lsub});
  if (command.returns.metadata.empty()) return tree;
  tree.annotations.resize(tree.lines.size());
  for (size_t i = 0; i < tree.lines.size(); ++i) {
    const ListLine& line = tree.lines[i];
    if (!line.chosen || !line.source->exists) continue;
    const reading::SeenMailbox& seen = tree.mailboxes[line.source->mailbox];
    if (may_annotate(seen.own, seen.rights)) tree.annotations[i] = read_annotations(db, seen.mailbox, reader);
  }
  return tree;
}

// "(\Subscribed \HasNoChildren)"
void put_attributes(std::string& out, const ListLine& line, const reading::SeenMailbox* seen, bool subscribed,
                    bool extended) {
  size_t begin = out.size();
  auto put = [&](std::string_view attribute) {
    if (out.size() > begin) out += ' ';
    out += attribute;
  };
  if (is_namespace_root(line.name)) {
    put("\\Noselect");
  } else if (!seen) {
    put(extended ? "\\NonExistent" : "\\Noselect");
  } else if (!seen->rights.has('r')) {
    put("\\Noselect");
  }
  if (subscribed) put("\\Subscribed");
  put(line.has_children ? "\\HasChildren" : "\\HasNoChildren");
  if (seen && seen->own && !seen->mailbox.special_use.empty()) put(seen->mailbox.special_use);
}

// ` ("CHILDINFO" ("SUBSCRIBED"))`
void put_child_info(std::string& out, const wire::List& command) {
  out += " (\"CHILDINFO\" (";
  if (command.only_subscribed) out += "\"SUBSCRIBED\"";
  if (command.only_subscribed && command.only_special_use) out += ' ';
  if (command.only_special_use) out += "\"SPECIAL-USE\"";
  out += "))";
}

size_t octets_of(const wire::List& command) {
  size_t octets = 0;
  for (const std::string& pattern : command.patterns) octets += command.reference.size() + pattern.size();
  return octets;
}

// RFC 9051 §6.3.9: the root of the names that the reference is one of.
std::string_view root_of(std::string_view reference) {
  for (std::string_view prefix : {kOthersPrefix, kSharedPrefix}) {
    if (reference.starts_with(prefix)) return prefix;
  }
  return "";
}

void put_lsub_line(std::string& out, const ListLine& line, bool utf8) {
  out += line.chosen ? "* LSUB () \"/\" " : "* LSUB (\\Noselect) \"/\" ";
  wire::put_mailbox(out, line.name, utf8);
  out += "\r\n";
}

}  // namespace

rt::Task<Outcome> Session::on(wire::List command) {
  if (!command.extended && command.patterns[0].empty()) {
    out().append(command.lsub ? "* LSUB" : "* LIST").append(" (\\Noselect) \"/\" ");
    wire::put_string(out(), root_of(command.reference));
    out() += "\r\n";
    co_return ok("that is the delimiter");
  }
  if (octets_of(command) > ListPatterns::kOctetsMax)
    co_return no("LIMIT", "the patterns together have more than " + std::to_string(ListPatterns::kOctetsMax) +
                              " octets");
  Listing tree = co_await service_.store.read(read_tree, *account_, command);
  if (command.lsub) {
    for (const ListLine& line : tree.lines) {
      put_lsub_line(out(), line, names_utf8());
      co_await flush_if_full();
    }
    co_return ok("these are your subscriptions");
  }

  const wire::ListReturn& returns = command.returns;
  auto seen_of = [&](const ListLine& line) {
    bool there = line.source != nullptr && line.source->exists;
    return there ? &tree.mailboxes[line.source->mailbox] : nullptr;
  };
  std::vector<MailboxStatus> statuses;  // of those lines that have one, in order
  if (returns.status) {
    if (has_item(*returns.status, wire::StatusItem::highest_modseq)) enable_condstore();
    for (const ListLine& line : tree.lines) {
      const reading::SeenMailbox* seen = seen_of(line);
      if (line.chosen && seen && seen->rights.has('r'))
        statuses.push_back(status_of(seen->mailbox, seen->reader));
    }
    if (needs_flags(*returns.status)) co_await count_own_unseen(statuses);
    if (has_item(*returns.status, wire::StatusItem::recent)) co_await count_recent(statuses);
    hold_back(statuses);
  }
  const bool extended = command.extended || rev2_;
  auto status = statuses.begin();
  for (size_t i = 0; i < tree.lines.size(); ++i) {
    const ListLine& line = tree.lines[i];
    const reading::SeenMailbox* seen = seen_of(line);
    bool tells_subscribed = returns.subscribed || command.only_subscribed;
    bool subscribed = tells_subscribed && line.source != nullptr && line.source->subscribed;
    out() += "* LIST (";
    put_attributes(out(), line, seen, subscribed, extended);
    out() += ") \"/\" ";
    wire::put_mailbox(out(), line.name, names_utf8());
    if (command.recursive_match && line.child_info) put_child_info(out(), command);
    out() += "\r\n";
    if (!line.chosen || !seen) continue;
    if (returns.my_rights) put_my_rights(out(), line.name, seen->rights, names_utf8());
    if (returns.status && seen->rights.has('r')) {
      put_status(out(), line.name, *status++,
                 {.items = *returns.status,
                  .append_limit = service_.options.message_octets_max,
                  .utf8 = names_utf8()});
    }
    if (!returns.metadata.empty() && may_annotate(seen->own, seen->rights)) {
      put_annotations(out(), line.name, choose_annotations(tree.annotations[i], returns.metadata, {}).found,
                      names_utf8());
    }
    co_await flush_if_full();
  }
  co_return ok("that is all of them");
}

rt::Task<Outcome> Session::on(wire::Namespace) {
  out().append("* NAMESPACE ((\"\" \"/\")) ((\"").append(kOthersPrefix).append("\" \"/\")) ((\"");
  out().append(kSharedPrefix).append("\" \"/\"))\r\n");
  co_return ok("that is where mailboxes are");
}

}  // namespace pabal::serve::imap
