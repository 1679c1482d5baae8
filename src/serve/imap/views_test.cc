#include "reading/views.h"

#include <gtest/gtest.h>

#include "serve/imap/session.h"

namespace pabal::serve::imap {
namespace {

// What belongs to a loop cannot be handed to a thread that works for it, in any wrapping.
static_assert(!Portable<reading::View> && !Portable<reading::View*> &&
              !Portable<std::shared_ptr<reading::View>>);
static_assert(!Portable<std::shared_ptr<const reading::View>>);
static_assert(!Portable<Session*> && !Portable<Selected*>);

// What it hands over instead.
static_assert(Portable<reading::MailboxState> && Portable<std::shared_ptr<const reading::Snapshot>>);
static_assert(Portable<Place> && Portable<directory::Account> && Portable<reading::SearchPlan>);

template <class... Args>
concept CanRead = requires(store::Store& store, Args... args) { store.read(args...); };
template <class... Args>
concept CanWrite = requires(store::Store& store, Args... args) { store.write(args...); };

TEST(View, WorkForTheStoreCannotHoldIt) {
  int here = 0;
  auto bound = [&here](store::Database&) { return here; };
  auto plain = [](store::Database&, MailboxId) { return 1; };
  auto of_view = [](store::Database&, const std::shared_ptr<reading::View>&) { return 1; };
  auto gives_text = [](store::Database&) { return std::string_view("of its own"); };
  EXPECT_TRUE((CanRead<decltype(plain), MailboxId>));
  EXPECT_FALSE((CanRead<decltype(bound)>));
  EXPECT_FALSE((CanRead<decltype(of_view), std::shared_ptr<reading::View>>));
  EXPECT_FALSE((CanRead<decltype(gives_text)>));
  // May run again, so it changes nothing of what it was given.
  auto changes = [](store::Transaction&, std::string& text) { text += "again"; };
  auto looks = [](store::Transaction&, const std::string& text) { return text + "again"; };
  EXPECT_FALSE((CanWrite<decltype(changes), std::string>));
  EXPECT_TRUE((CanWrite<decltype(looks), std::string>));
}

}  // namespace
}  // namespace pabal::serve::imap
