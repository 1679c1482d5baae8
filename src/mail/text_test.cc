// format=flowed and HTML: what is shown to people.
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/flowed.h"
#include "mail/html_text.h"

namespace pabal::mail {
namespace {

TEST(Flowed, Decodes) {
  EXPECT_EQ(flowed_decode("one \r\ntwo \r\nthree\r\nfour\r\n", false), "one two three\nfour\n");
  EXPECT_EQ(flowed_decode("한 \r\n글\r\n", true), "한글\n");
  EXPECT_EQ(flowed_decode(">> deep \r\n>> er\r\n> less\r\nnone\r\n", false), "> > deep er\n> less\nnone\n");
  EXPECT_EQ(flowed_decode(" >not a quote\r\n From x\r\n  two\r\n", false), ">not a quote\nFrom x\n two\n");
  EXPECT_EQ(flowed_decode("text \r\n-- \r\nme\r\n", false), "text \n-- \nme\n");
  EXPECT_EQ(flowed_decode("> quote \r\nplain\r\n", false), "> quote \nplain\n");
  EXPECT_EQ(flowed_decode("", false), "");
}

TEST(Html, ToText) {
  EXPECT_EQ(html_to_text("<html><head><title>t</title><style>p{}</style></head><body><p>Hello "
                         "<b>you</b></p><p>2nd &amp; &lt;last&gt; &#54028;&#xBC1C;</p></body></html>"),
            "Hello you\n\n2nd & <last> 파발\n");
  EXPECT_EQ(html_to_text("a<br>b<br/>c"), "a\nb\nc\n");
  EXPECT_EQ(html_to_text("<ul><li>one</li><li>two</li></ul>after"), "- one\n- two\n\nafter\n");
  EXPECT_EQ(
      html_to_text(
          "<a href=\"https://x.test/?a=1&amp;b=2\">here</a> <a href='https://y.test'>https://y.test</a>"),
      "here <https://x.test/?a=1&b=2> https://y.test\n");
  EXPECT_EQ(html_to_text("<blockquote>old<br>mail</blockquote>new"), "> old\n> mail\n\nnew\n");
  EXPECT_EQ(html_to_text("<script>if (a < b) {}</script>x<!-- <p>no</p> -->y"), "xy\n");
  EXPECT_EQ(html_to_text("<pre>a\n  b</pre>"), "a\n  b\n");
  EXPECT_EQ(html_to_text("1 < 2 && 3 > 2 &unknown; &"), "1 < 2 && 3 > 2 &unknown; &\n");
  EXPECT_EQ(html_to_text(""), "");
  EXPECT_EQ(html_to_text("<img src=x alt='그림'>"), "[그림]\n");
}

TEST(Html, Limits) {
  std::string text = html_to_text(std::string(100'000, 'x') + "한", 1000);
  EXPECT_EQ(text.size(), 1000u);
  std::string korean;
  for (int i = 0; i < 100; ++i) korean += "한";
  EXPECT_TRUE(is_utf8(html_to_text(korean, 100)));
}

}  // namespace
}  // namespace pabal::mail
