// GETMETADATA and SETMETADATA (RFC 5464).
#include "base/bytes.h"
#include "serve/imap/annotations.h"
#include "serve/imap/session.h"
#include "serve/imap/special_use.h"

namespace pabal::serve::imap {

namespace {

struct Found {
  std::vector<store::Annotation> annotations;
  std::optional<Outcome> refusal;
};

Found find_annotations(store::Database& db, const directory::Account& reader, const std::string& mailbox,
                       std::string_view hostname) {
  if (mailbox.empty()) return {read_server_annotations(db, reader, hostname), {}};
  std::optional<Place> place = find_place(db, reader, mailbox);
  if (!place || !place->mailbox || !(place->own || place->rights.any_of("lr")))
    return {{}, no("NONEXISTENT", "there is no such mailbox")};
  if (!may_annotate(place->own, place->rights))
    return {{}, no("NOPERM", "you have no right to do that there")};
  return {read_annotations(db, *place->mailbox, reader), {}};
}

Outcome refuse(store::AnnotationError error) {
  if (error == store::AnnotationError::no_mailbox) return no("NONEXISTENT", "the mailbox was deleted");
  if (error == store::AnnotationError::too_large)
    return no("METADATA MAXSIZE " + std::to_string(store::kAnnotationOctetsMax - kEntryOctetsMax),
              "the value is too long");
  if (error == store::AnnotationError::over_quota)
    return no("OVERQUOTA", "there is no room for this in the account");
  return no("METADATA TOOMANY", "there can be " + std::to_string(store::kAnnotationsMax) + " entries");
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words = split(text, ' ');
  std::erase(words, "");
  return words;
}

// An entry of several that cannot be set undoes the others (RFC 5464 §4.3).
struct Refused {
  store::AnnotationError error;
};

struct SetWork {
  AccountId reader;
  AccountId owner;
  MailboxId mailbox;  // 0: the server
  decltype(wire::SetMetadata::entries) entries;
  std::optional<std::string> special_use;
};

// Throws Refused.
void set_annotations(store::Transaction& tx, const SetWork& work) {
  for (const auto& [entry, value] : work.entries) {
    std::expected<void, store::AnnotationError> set =
        store::set_annotation(tx, work.mailbox, work.reader, entry, value);
    if (!set) throw Refused{set.error()};
  }
  if (work.special_use) store::set_special_use(tx, work.owner, work.mailbox, *work.special_use);
}

}  // namespace

rt::Task<Outcome> Session::on(wire::GetMetadata command) {
  Found found =
      co_await service_.store.read(find_annotations, *account_, command.mailbox, service_.options.hostname);
  if (found.refusal) co_return std::move(*found.refusal);
  ChosenAnnotations chosen =
      choose_annotations(found.annotations, command.entries,
                         {.depth = command.depth, .octets_max = command.max_size.value_or(UINT64_MAX)});
  put_annotations(out(), command.mailbox, chosen.found, names_utf8());
  co_return ok("that is all",
               chosen.longest > 0 ? "METADATA LONGENTRIES " + std::to_string(chosen.longest) : "");
}

rt::Task<Outcome> Session::on(wire::SetMetadata command) {
  bool any_shared = false;
  std::optional<std::string> special_use;  // that it is to have
  for (auto& [entry, value] : command.entries) {
    if (std::string_view fault = entry_fault(entry); !fault.empty()) co_return bad(std::string(fault));
    entry = to_lower(entry);
    any_shared |= entry.starts_with("/shared/");
    if (entry != kSpecialUseEntry) continue;
    std::expected<std::string, std::string> uses = special_use_of(words_of(value.value_or("")));
    if (!uses)
      co_return no("USEATTR", "there is no use " + printable(uses.error(), 40) + " for a mailbox here");
    special_use = std::move(*uses);
  }
  std::erase_if(command.entries, [](const auto& entry) { return entry.first == kSpecialUseEntry; });
  MailboxId mailbox;  // 0: the server
  AccountId owner = account_->id;
  if (command.mailbox.empty()) {
    if (any_shared) co_return no("NOPERM", "the entries of the server are set by who runs it");
  } else {
    std::expected<Place, Outcome> place = co_await find_with_right(command.mailbox, "l");
    if (!place) co_return std::move(place.error());
    // Others read what is shared: who may not change what is in it may not change that either.
    bool allowed = may_annotate(place->own, place->rights) && (!any_shared || place->rights.has('w'));
    if (!allowed) co_return no("NOPERM", "you have no right to do that there");
    mailbox = place->mailbox->id;
    owner = place->owner;
  }
  // RFC 6154 §4: it is the owner's view of the mailbox.
  if (special_use && (!mailbox || owner != account_->id))
    co_return no("USEATTR", "what it is used for says its owner");
  SetWork work{.reader = account_->id,
               .owner = owner,
               .mailbox = mailbox,
               .entries = std::move(command.entries),
               .special_use = std::move(special_use)};
  std::optional<store::AnnotationError> error;
  try {
    co_await service_.store.write(set_annotations, std::move(work));
  } catch (const Refused& refused) {
    error = refused.error;
  }
  if (error) co_return refuse(*error);
  co_return ok("kept");
}

}  // namespace pabal::serve::imap
