#include "serve/imap/text_forms.h"

#include "proto/imap/response.h"

namespace pabal::serve::imap {

namespace {

std::string envelope(const mail::Part& root, std::string_view message) {
  return proto::imap::envelope_forms(mail::header_of(root, message), mail::declared_charset(root));
}

}  // namespace

reading::TextForms text_forms() {
  return {.envelope = envelope, .body_structure = proto::imap::body_structure_forms};
}

}  // namespace pabal::serve::imap
