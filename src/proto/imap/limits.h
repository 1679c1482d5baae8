// How much of each a command may have. What is longer is refused with the
// number in the answer; octets are limited by the Receiver already.
#pragma once

#include <cstddef>

namespace pabal::proto::imap {

inline constexpr size_t kTagOctetsMax = 128;
inline constexpr size_t kFlagOctetsMax = 255;  // one flag or keyword
inline constexpr size_t kFlagsMax = 200;       // of one STORE or one message of APPEND

// Of one command: keys, and NOTs, ORs and parentheses around them, however they nest.
inline constexpr size_t kSearchKeysMax = 5000;
inline constexpr size_t kSortCriteriaMax = 32;

inline constexpr size_t kFetchItemsMax = 200;
inline constexpr size_t kHeaderFieldsMax = 200;  // of one HEADER.FIELDS
inline constexpr size_t kSectionDepthMax = 100;  // numbers in "1.2.3"

inline constexpr size_t kStatusItemsMax = 32;
inline constexpr size_t kListOptionsMax = 32;
inline constexpr size_t kPatternsMax = 200;
inline constexpr size_t kCapabilitiesMax = 100;     // of one ENABLE
inline constexpr size_t kIdFieldsMax = 30;          // RFC 2971 §3.3
inline constexpr size_t kIdFieldOctetsMax = 30;     // RFC 2971 §3.3
inline constexpr size_t kIdValueOctetsMax = 1024;   // RFC 2971 §3.3
inline constexpr size_t kAppendMessagesMax = 1000;  // of one APPEND
inline constexpr size_t kCatenatePartsMax = 1000;   // of one message
inline constexpr size_t kQuotaLimitsMax = 32;
inline constexpr size_t kMetadataEntriesMax = 200;
inline constexpr size_t kNotifyGroupsMax = 200;
inline constexpr size_t kNotifyEventsMax = 32;       // of one group
inline constexpr size_t kFilterMailboxesMax = 1000;  // of one "mailboxes (...)" or "subtree (...)"
inline constexpr size_t kUrlsMax = 1000;             // of one GENURLAUTH or URLFETCH
inline constexpr size_t kMechanismsMax = 32;         // of one RESETKEY
inline constexpr size_t kCancelTagsMax = 200;

}  // namespace pabal::proto::imap
