// Annotations of mailboxes and of the server (RFC 5464): which there are, who may
// read them, and how they are asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "directory/directory.h"
#include "reading/rights.h"
#include "store/mailboxes.h"
#include "store/sharing.h"

namespace pabal::serve::imap {

inline constexpr size_t kEntryOctetsMax = 512;                               // of an entry's name
inline constexpr std::string_view kSpecialUseEntry = "/private/specialuse";  // RFC 6154 §4

// RFC 5464 §3.3: "l", and one of those that have to do with what is in it.
bool may_annotate(bool own, reading::Rights rights);

// By rising entry; what follows from the mailbox itself among them:
// kSpecialUseEntry.
std::vector<store::Annotation> read_annotations(store::Database& db, const store::Mailbox& mailbox,
                                                const directory::Account& reader);
// The server's: /shared/admin and /shared/comment, and the reader's own.
std::vector<store::Annotation> read_server_annotations(store::Database& db, const directory::Account& reader,
                                                       std::string_view hostname);

// Why there can be no entry of this name; "" if there can be.
std::string_view entry_fault(std::string_view entry);

struct AnnotationChoice {
  int depth = 0;  // below the entry: none, its children, all (-1)
  uint64_t octets_max = UINT64_MAX;
};
struct ChosenAnnotation {
  std::string entry;  // as the client wrote it, if it named it
  std::optional<std::string> value;
};
struct ChosenAnnotations {
  std::vector<ChosenAnnotation> found;  // an entry that was named and is not there without value
  uint64_t longest = 0;                 // of the values that are too long; 0: none is
};
ChosenAnnotations choose_annotations(const std::vector<store::Annotation>& there,
                                     const std::vector<std::string>& entries, const AnnotationChoice& choice);

// Appends `* METADATA INBOX (/shared/comment "...")`; nothing if there are none.
void put_annotations(std::string& out, std::string_view mailbox, const std::vector<ChosenAnnotation>& chosen,
                     bool utf8);

}  // namespace pabal::serve::imap
