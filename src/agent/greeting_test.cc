#include "agent/greeting.h"

#include <gtest/gtest.h>

namespace pabal::agent {

TEST(Greeting, TellsWhatAServerSpeaks) {
  EXPECT_EQ(spoken_by("+OK ready\r\n"), Speaks::pop3);
  EXPECT_EQ(spoken_by("-ERR too many connections\r\n"), Speaks::pop3);
  EXPECT_EQ(spoken_by("* OK [CAPABILITY IMAP4rev1] ready\r\n"), Speaks::imap);
  EXPECT_EQ(spoken_by("* BYE busy\r\n"), Speaks::imap);
  EXPECT_EQ(spoken_by("220 mx.seoul.test ESMTP\r\n"), Speaks::smtp);
  EXPECT_EQ(spoken_by("220-mx.seoul.test\r\n"), Speaks::smtp);
  EXPECT_EQ(spoken_by("421\r\n"), Speaks::smtp);
  EXPECT_EQ(spoken_by("HTTP/1.1 400 Bad Request\r\n"), Speaks::http);
  EXPECT_EQ(spoken_by("SSH-2.0-OpenSSH_9.2\r\n"), Speaks::ssh);
  EXPECT_EQ(spoken_by("2200 nonsense\r\n"), Speaks::unknown);
  EXPECT_EQ(spoken_by("\x15\x03\x01"), Speaks::unknown);
  EXPECT_EQ(spoken_by(""), Speaks::unknown);
}

}  // namespace pabal::agent
