// Cursors: up to where a consumer of the feed has done its work, by its name and for
// each account. Who moves its cursor in the transaction of its work does each thing
// once, who moves it afterwards does some again after a crash; nobody misses anything.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "store/feed.h"

namespace pabal::store {

// nullopt: it has never moved one there. It begins with all that there is, and then
// goes on from behind what it has looked at.
std::optional<FeedPoint> find_cursor(Database& db, std::string_view consumer, AccountId account);
void move_cursor(Transaction& tx, std::string_view consumer, AccountId account, const FeedPoint& to);
// Of a consumer that will not come back; otherwise its cursors hold the feed (feed_trim.h).
void remove_cursors(Transaction& tx, std::string_view consumer);

// Accounts with changes that the consumer has not passed, rising, behind `after`; at most `max`.
std::vector<AccountId> list_behind(Database& db, std::string_view consumer, AccountId after, size_t max);

}  // namespace pabal::store
