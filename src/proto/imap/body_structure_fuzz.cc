// Any bytes: envelope and structure are well-formed, every part that the
// structure shows has its sections within the message, and no other has.
#include "base/verify.h"
#include "proto/imap/list_for_test.h"
#include "proto/imap/response.h"
#include "proto/imap/test_section.h"

using namespace pabal;
using namespace pabal::proto::imap;

static std::optional<std::string> octets(const mail::Part& root, std::string_view message,
                                         const std::vector<uint32_t>& part, Section::Text what) {
  return section_octets(root, message, {part, what, {"Subject", "to"}});
}

// `body`: what the structure says of the part; `part`: its number.
static void check_part(const ListValue& body, const mail::Part& root, std::string_view message,
                       std::vector<uint32_t>& part) {
  auto whole = octets(root, message, part, Section::whole);
  verify(whole.has_value(), "the structure's parts are there");
  verify(octets(root, message, part, Section::mime).has_value(), "every part has a head");
  bool multipart = body.items[0].is_list();
  if (!multipart) {
    auto size = parse_uint(body.items[6].text);
    verify(size && *size == whole->size(), "the structure says the part's size");
    BinarySection binary = binary_section(root, message, part);
    verify(binary.octets.has_value() != binary.not_decodable, "a part is decoded or not decodable");
  }
  bool enclosing = !multipart && body.items.size() > 9 && body.items[7].is_list() &&
                   body.items[8].is_list() && octets(root, message, part, Section::header).has_value();
  const ListValue* inner = multipart ? &body : enclosing ? &body.items[8] : nullptr;
  if (enclosing) {
    std::string head(*octets(root, message, part, Section::header));
    std::string text = *octets(root, message, part, Section::text);
    const bool encoded = body.items[5].text == "base64" || body.items[5].text == "quoted-printable";
    const std::string decoded =
        encoded ? binary_section(root, message, part).octets.value() : std::string(*whole);
    const size_t inside = head.size() + text.size();
    verify(inside == decoded.size() || inside == 0, "head and text are the enclosed message");
    for (Section::Text what : {Section::header_fields, Section::header_fields_not}) {
      auto subset = octets(root, message, part, what);
      verify(subset && subset->ends_with("\r\n"), "a subset of the head ends with the blank line");
    }
  }
  if (inner == nullptr) return;
  bool many = inner->items[0].is_list();
  uint32_t count = 0;
  while (many && count < inner->items.size() && inner->items[count].is_list()) {
    part.push_back(++count);
    check_part(inner->items[count - 1], root, message, part);
    part.pop_back();
  }
  if (!many) {
    part.push_back(++count);
    check_part(*inner, root, message, part);
    part.pop_back();
  }
  part.push_back(count + 1);
  verify(!octets(root, message, part, Section::whole), "there are no parts but those of the structure");
  part.pop_back();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view message(reinterpret_cast<const char*>(data), size);
  mail::Part root = mail::parse_message(message, {.depth_max = 12, .parts_max = 60});
  const std::string envelopes = envelope_forms(mail::header_of(root, message), mail::declared_charset(root));
  const std::string structures = body_structure_forms(root, message);
  for (TextForm form : kTextForms) {
    std::string envelope = envelope_text(mail::header_of(root, message), mail::declared_charset(root), form);
    verify(is_envelope_text(envelope, form), "the envelope is well-formed");
    verify(one_form(envelopes, form) == envelope, "the envelope is among its forms");
    verify(is_body_text(body_text(root, message, form), false, form), "BODY is well-formed");
    std::string structure = body_structure_text(root, message, form);
    verify(is_body_text(structure, true, form), "BODYSTRUCTURE is well-formed");
    verify(one_form(structures, form) == structure, "BODYSTRUCTURE is among its forms");
  }
  auto body = ListReader(one_form(structures, TextForm::rev2), true).read();
  std::vector<uint32_t> part;
  if (body->items[0].is_list()) {
    for (uint32_t i = 1; i <= body->items.size() && body->items[i - 1].is_list(); ++i) {
      part = {i};
      check_part(body->items[i - 1], root, message, part);
    }
  } else {
    part = {1};
    check_part(*body, root, message, part);
  }
  return 0;
}
