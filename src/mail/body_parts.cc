// What stands in the parts: decoded bytes and text, and which part is what.
#include <algorithm>
#include <unordered_set>

#include "base/bytes.h"
#include "mail/charset.h"
#include "mail/encoding.h"
#include "mail/flowed.h"
#include "mail/message.h"

namespace pabal::mail {
namespace {

bool is_inline_media(const Part& part) {
  return part.type.type == "image" || part.type.type == "audio" || part.type.type == "video";
}

bool has_name(const Part& part) {
  return find_parameter(part.disposition.parameters, "filename") != nullptr ||
         find_parameter(part.type.parameters, "name") != nullptr;
}

using PartList = std::vector<const Part*>;

// RFC 8621 §4.1.4, step by step; a null list is one that an alternative has closed.
void sort_parts(const std::vector<const Part*>& parts, std::string_view multipart, bool in_alternative,
                PartList* html, PartList* text, PartList& attachments) {
  size_t text_before = text == nullptr ? 0 : text->size();
  size_t html_before = html == nullptr ? 0 : html->size();
  for (size_t i = 0; i < parts.size(); ++i) {
    const Part& part = *parts[i];
    if (part.is_multipart()) {
      PartList children;
      for (const Part& child : part.children) children.push_back(&child);
      bool alternative = in_alternative || part.type.subtype == "alternative";
      sort_parts(children, part.type.subtype, alternative, html, text, attachments);
      continue;
    }
    bool plain = part.type.is("text", "plain"), is_html = part.type.is("text", "html");
    bool shown = part.disposition.disposition != "attachment" &&
                 (plain || is_html || is_inline_media(part)) &&
                 (i == 0 || (multipart != "related" && (is_inline_media(part) || !has_name(part))));
    if (!shown) {
      attachments.push_back(&part);
      continue;
    }
    if (multipart == "alternative") {
      PartList* list = plain ? text : is_html ? html : &attachments;
      if (list != nullptr) list->push_back(&part);
      continue;
    }
    if (in_alternative && plain) html = nullptr;
    if (in_alternative && is_html) text = nullptr;
    if (text != nullptr) text->push_back(&part);
    if (html != nullptr) html->push_back(&part);
    if ((text == nullptr || html == nullptr) && is_inline_media(part)) attachments.push_back(&part);
  }
  if (multipart != "alternative" || text == nullptr || html == nullptr) return;
  bool text_grew = text->size() > text_before, html_grew = html->size() > html_before;
  auto offset = [](size_t n) { return static_cast<ptrdiff_t>(n); };
  if (html_grew && !text_grew) text->insert(text->end(), html->begin() + offset(html_before), html->end());
  if (text_grew && !html_grew) html->insert(html->end(), text->begin() + offset(text_before), text->end());
}

std::string with_lf(std::string text) {
  size_t cr = text.find("\r\n");
  if (cr == std::string::npos) return text;
  std::string out;
  out.reserve(text.size());
  size_t at = 0;
  for (; cr != std::string::npos; cr = text.find("\r\n", at)) {
    out.append(text, at, cr - at);
    at = cr + 1;
  }
  return out.append(text, at);
}

}  // namespace

std::string decode_transfer(TransferEncoding encoding, std::string_view octets) {
  if (encoding == TransferEncoding::base64) return base64_decode(octets);
  if (encoding == TransferEncoding::quoted_printable) return quoted_printable_decode(octets);
  return std::string(octets);
}

std::string decode_body(const Part& part, std::string_view message) {
  return decode_transfer(part.encoding, body_of(part, message));
}

std::string text_of(const Part& part, std::string_view message) {
  std::string text = to_utf8(decode_body(part, message), part.type.parameter("charset"));
  bool flowed = part.type.is("text", "plain") && iequals(part.type.parameter("format"), "flowed");
  if (flowed) return flowed_decode(text, iequals(part.type.parameter("delsp"), "yes"));
  return with_lf(std::move(text));
}

std::vector<const Part*> leaf_parts(const Part& root, bool into_messages) {
  std::vector<const Part*> leaves;
  auto walk = [&](auto& self, const Part& part) -> void {
    if (part.is_leaf() || (!part.is_multipart() && !into_messages)) {
      leaves.push_back(&part);
      return;
    }
    for (const Part& child : part.children) self(self, child);
  };
  walk(walk, root);
  return leaves;
}

BodyParts find_text_parts(const Part& root) {
  BodyParts found;
  sort_parts({&root}, "mixed", false, &found.html, &found.text, found.attachments);
  return found;
}

std::vector<Attachment> list_attachments(const Part& root, std::string_view message) {
  BodyParts parts = find_text_parts(root);
  std::unordered_set<const Part*> shown(parts.text.begin(), parts.text.end());
  shown.insert(parts.html.begin(), parts.html.end());
  std::unordered_set<const Part*> others(parts.attachments.begin(), parts.attachments.end());
  std::vector<Attachment> out;
  for (const Part* part : leaf_parts(root, false)) {
    bool to_save = shown.contains(part) && (part->type.type != "text" || has_name(*part));
    if (!to_save && !others.contains(part)) continue;
    out.push_back({part, filename(part->disposition, part->type), part->type.name(),
                   decode_body(*part, message).size()});
  }
  return out;
}

}  // namespace pabal::mail
