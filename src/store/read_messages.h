// Reading messages: their rows, and their bytes from there or from a segment,
// each compared with what is known of it.
#pragma once

#include <string>
#include <vector>

#include "store/segments.h"
#include "store/store.h"

namespace pabal::store {

// Without prefix. Throws StoreError.
std::string read_message(Database& db, SegmentReader& segments, MessageId id);

// As Store::messages.
std::vector<MessageBytes> read_messages(Database& db, SegmentReader& segments,
                                        const std::vector<MessageId>& ids, uint64_t octets_max,
                                        AccountId owner);

// As Store::read.
std::vector<MessageBytes> read_ranges(Database& db, SegmentReader& segments,
                                      const std::vector<MessageRange>& ranges, AccountId owner);

}  // namespace pabal::store
