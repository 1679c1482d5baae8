// A database and its log of any bytes: the first octet says how many sixteenths
// of the input are the database, the rest is the log.
#include <cstdint>

#include "base/verify.h"
#include "store/survey.h"

using namespace pabal::store;

namespace {

SqlitePages::Source source(std::string_view bytes) {
  return {[bytes](uint64_t at, std::span<char> into) {
            return at > bytes.size() ? 0 : bytes.copy(into.data(), into.size(), at);
          },
          bytes.size()};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t database = (size - 1) * (1 + data[0] % 16) / 16;
  SqlitePages pages(source(input.substr(1, database)), source(input.substr(1 + database)));
  verify(pages.usable_octets() <= pages.page_octets(), "a page is not smaller than what is used of it");
  Survey survey = survey_database(pages, [](uint64_t) {});
  for (const auto& [id, message] : survey.messages) {
    MessageText text = read_message_text(pages, message);
    verify(text.bytes.size() + text.prefix.size() <= kPayloadOctetsMax, "a message has a limit");
  }
  for (size_t i = 1; i < survey.mails.size(); ++i) {
    const SurveyedMail &a = survey.mails[i - 1], &b = survey.mails[i];
    verify(a.mailbox < b.mailbox || (a.mailbox == b.mailbox && a.uid < b.uid), "no UID stands for two mails");
  }
  for (const SqliteValue& value : decode_record(input))
    verify(value.text.size() <= input.size(), "a value lies within its record");
  return 0;
}
