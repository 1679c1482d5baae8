// NOTIFY (RFC 5465): what has changed is told without being asked, also of
// mailboxes that are not selected.
#include "proto/imap/response.h"
#include "serve/imap/acl.h"
#include "serve/imap/notifier.h"
#include "serve/imap/session.h"

namespace pabal::serve::imap {

namespace {

void put_no_access(std::string& out, std::string_view name, bool utf8) {
  out += "* LIST (\\NoAccess) \"/\" ";
  wire::put_mailbox(out, name, utf8);
  out += "\r\n";
}

void put_list_news(std::string& out, const ListNews& line, bool utf8) {
  if (line.no_access) return put_no_access(out, line.name, utf8);
  out += "* LIST (";
  if (!line.exists) out += "\\NonExistent ";
  if (line.no_select) out += "\\Noselect ";
  if (line.subscribed) out += "\\Subscribed ";
  out += line.has_children ? "\\HasChildren" : "\\HasNoChildren";
  out += ") \"/\" ";
  wire::put_mailbox(out, line.name, utf8);
  if (!line.old_name.empty()) {
    out += " (\"OLDNAME\" (";
    wire::put_mailbox(out, line.old_name, utf8);
    out += "))";
  }
  out += "\r\n";
}

// RFC 5464 §4.4.2: names, no values.
void put_metadata_news(std::string& out, const MetadataNews& news, bool utf8) {
  out += "* METADATA ";
  if (news.mailbox.empty()) {
    out += "\"\"";
  } else {
    wire::put_mailbox(out, news.mailbox, utf8);
  }
  for (const std::string& entry : news.entries) {
    out += ' ';
    wire::put_astring(out, entry);
  }
  out += "\r\n";
}

MailboxId selected_id(const std::unique_ptr<Selected>& selected) {
  return selected ? selected->view->id() : MailboxId{};
}

}  // namespace

rt::Task<Outcome> Session::on(wire::Notify command) {
  std::expected<NotifyProgram, Outcome> program = NotifyProgram::make(command);
  if (!program) co_return std::move(program.error());
  auto notifier = std::make_unique<Notifier>(std::move(*program), service_.options.hostname);
  if (notifier->program().events() == 0) {
    stop_notify();
    notify_ = std::move(notifier);
  } else {
    // Watched before it is read, so that nothing is missed between.
    notify_ = std::move(notifier);
    watch_accounts();
    NotifyNews news = co_await look_for_news();
    if (news.overflow) {
      stop_notify();
      co_return no("NOTIFICATIONOVERFLOW", "these are too many mailboxes");
    }
  }
  for (const std::string& name : notify_->no_access()) put_no_access(out(), name, names_utf8());
  if (command.status) co_await tell_statuses(notify_->all_statuses(selected_id(selected_)), true);
  // RFC 5465 §3.1: what has gathered in the selected mailbox is told now.
  if (selected_) co_await sync({});
  co_return ok(command.set ? "you will hear of it" : "silence");
}

void Session::stop_notify() {
  for (AccountId account : watched_) service_.reading.views.unwatch_account(account, *this);
  watched_.clear();
  notify_.reset();
}

void Session::watch_accounts() {
  std::set<AccountId> wanted = notify_->owners();  // and his own, which every session watches
  wanted.erase(account_->id);
  if (notify_->program().beyond_own()) wanted.insert(store::kEverybody);
  bool more = false;
  for (AccountId account : watched_) {
    if (!wanted.contains(account)) service_.reading.views.unwatch_account(account, *this);
  }
  for (AccountId account : wanted) {
    if (watched_.contains(account)) continue;
    service_.reading.views.watch_account(account, *this);
    more = true;
  }
  watched_ = std::move(wanted);
  // What changed there before it was watched.
  if (more) notify_->mark(MailboxId{}, MailboxId{});
}

// Reads what is marked, and says what is new in it.
rt::Task<NotifyNews> Session::look_for_news() {
  Notifier::Marks marks = notify_->take();
  const uint64_t since = service_.reading.trees.now();
  std::optional<Notifier::Look> look;
  try {
    if (!marks.whole) {
      look = co_await service_.store.read(Notifier::look, notify_->question(*account_, marks, nullptr));
      marks.whole = look->tree_changed;  // what else has changed in it?
    }
    if (marks.whole) {
      std::shared_ptr<const reading::SeenTree> tree = co_await service_.reading.trees.read(*account_, since);
      look =
          co_await service_.store.read(Notifier::look, notify_->question(*account_, marks, std::move(tree)));
    }
  } catch (...) {
    notify_->put_back(std::move(marks));
    throw;
  }
  NotifyNews news = notify_->compare(std::move(*look), selected_id(selected_));
  if (!news.overflow) watch_accounts();
  co_return news;
}

void Session::account_changed(MailboxId mailbox) {
  bool news = notify_ && notify_->mark(mailbox, selected_id(selected_));
  if (news || (!mailbox && in_doubt())) wake();
}

bool Session::hears(unsigned event) const {
  return !notify_ || (notify_->program().selected().events & event) != 0;
}

bool Session::has_news() const {
  if (!notify_) return false;
  bool selected = selected_ && selected_->has_news() && notify_->program().selected().events != 0;
  return selected || notify_->pending();
}

rt::Task<void> Session::tell_notified() {
  if (!has_news()) co_return;
  const NotifyProgram::Selected& wishes = notify_->program().selected();
  if (selected_ && wishes.events != 0) {
    co_await sync({.may_expunge = !wishes.delayed});
    tell_withheld();
  }
  if (closing_ || !notify_->pending()) co_return;
  NotifyNews news = co_await look_for_news();
  if (news.overflow) {
    out() += "* OK [NOTIFICATIONOVERFLOW] these are too many mailboxes, NOTIFY has ended\r\n";
    stop_notify();
    co_return;
  }
  for (const ListNews& line : news.lists) {
    put_list_news(out(), line, names_utf8());
    co_await flush_if_full();
  }
  co_await tell_statuses(std::move(news.statuses), false);
  for (const MetadataNews& one : news.metadata) {
    put_metadata_news(out(), one, names_utf8());
    co_await flush_if_full();
  }
}

// RFC 5465 §3.1 (first), §5.1 to §5.3.
rt::Task<void> Session::tell_statuses(std::vector<StatusNews> news, bool first) {
  std::vector<size_t> with_flags;
  std::vector<MailboxStatus> counted;
  for (size_t i = 0; i < news.size(); ++i) {
    if (!news[i].flags) continue;
    with_flags.push_back(i);
    counted.push_back(news[i].status);
  }
  if (!counted.empty()) co_await count_own_unseen(counted);
  for (size_t i = 0; i < counted.size(); ++i) news[with_flags[i]].status.flags = counted[i].flags;
  for (const StatusNews& one : news) {
    bool unseen_changed = one.flags && notify_->tell_unseen(one.status.id, one.status.flags.unseen);
    // Without MODSEQs there would be nothing new in it.
    if (!one.messages && !unseen_changed && !condstore_) continue;
    std::vector<wire::StatusItem> items;
    if (one.messages) items = {wire::StatusItem::messages, wire::StatusItem::uid_next};
    if (one.flags || first) items.push_back(wire::StatusItem::uid_validity);
    if (one.flags) items.push_back(wire::StatusItem::unseen);
    if (condstore_ || (first && one.flags)) items.push_back(wire::StatusItem::highest_modseq);
    put_status(out(), one.name, one.status,
               {.items = items, .append_limit = service_.options.message_octets_max, .utf8 = names_utf8()});
    co_await flush_if_full();
  }
}

// RFC 5465 §5.2: what MessageNew asks for, of messages that others have put there.
rt::Task<void> Session::tell_new_messages(uint32_t first) {
  const NotifyProgram::Selected& wishes = notify_->program().selected();
  MailboxId mailbox = selected_->view->id();
  std::vector<NumberRange> numbers;
  selected_->told->each(first, selected_->told->size(), [&](uint32_t number, const reading::Item& item) {
    if (!notify_->is_own_arrival(mailbox, item.uid)) add_to(numbers, number);
  });
  notify_->forget_arrivals(mailbox);
  if (wishes.items.empty() || numbers.empty()) co_return;
  std::vector<wire::FetchItem> items = wishes.items;
  FetchNeeds needs = needs_of(items);
  co_await tell_messages(std::move(numbers), std::move(items), needs);
}

}  // namespace pabal::serve::imap
