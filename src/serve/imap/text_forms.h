// What FETCH shows of a message without reading it: ENVELOPE and BODYSTRUCTURE in all
// their forms (proto/imap/response.h), for reading/ to keep.
#pragma once

#include "reading/text_forms.h"

namespace pabal::serve::imap {

reading::TextForms text_forms();

}  // namespace pabal::serve::imap
