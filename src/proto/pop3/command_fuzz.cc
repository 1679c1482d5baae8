#include "base/bytes.h"
#include "base/verify.h"
#include "proto/pop3/command.h"

namespace pop3 = pabal::proto::pop3;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view line(reinterpret_cast<const char*>(data), size);
  auto command = pop3::parse_command(line);
  if (!command) return 0;
  verify(pabal::istarts_with(line, pop3::verb(*command)), "the verb that was sent");
  if (auto* retr = std::get_if<pop3::Retr>(&*command)) verify(retr->number > 0, "numbers begin at 1");
  if (auto* top = std::get_if<pop3::Top>(&*command)) verify(top->number > 0, "numbers begin at 1");
  if (auto* pass = std::get_if<pop3::Pass>(&*command))
    verify(line.ends_with(pass->password), "passwords are not touched");
  return 0;
}
