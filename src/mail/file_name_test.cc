// The forms of docs/file-names.md: what mail programs write for "한글 파일.txt".
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "mail/content_type.h"
#include "mail/message.h"

namespace pabal::mail {
namespace {

struct Row {
  std::string fields, name;
};

std::string name_in(const std::string& fields) {
  std::string message = "From: a@b.test\r\n" + fields + "\r\n\r\nx\r\n";
  std::vector<Attachment> found = list_attachments(parse_message(message), message);
  return found.empty() ? "(none)" : found[0].name;
}

std::string attached(const std::string& parameters) {
  return "Content-Type: application/x-any\r\nContent-Disposition: attachment; " + parameters;
}

TEST(FileNames, FormsThatProgramsWrite) {
  const std::string name = "한글 파일.txt";
  const std::string euc = "\xC7\xD1\xB1\xDB \xC6\xC4\xC0\xCF.txt";
  const std::string percent = "%ED%95%9C%EA%B8%80%20%ED%8C%8C%EC%9D%BC.txt";
  for (const std::string& fields : {
           attached("filename*=utf-8''" + percent),
           attached("filename*=UTF-8'ko'" + percent + "; filename=\"__ __.txt\""),
           attached("filename=\"__ __.txt\"; filename*=UTF-8''" + percent),
           attached("filename*=euc-kr''%C7%D1%B1%DB%20%C6%C4%C0%CF.txt"),
           attached("filename*=\"utf-8''" + percent + "\""),
           attached("filename*=" + percent),
           attached("filename*0*=utf-8''%ED%95%9C%EA%B8%80;\r\n filename*1*=%20%ED%8C%8C;\r\n "
                    "filename*2*=%EC%9D%BC.txt"),
           attached("filename*2*=%EC%9D%BC.txt;\r\n filename*0*=utf-8''%ED%95%9C%EA%B8%80;\r\n "
                    "filename*1*=%20%ED%8C%8C"),
           attached("filename*0*=utf-8''%ED%95%9C%EA%B8%80%20%ED%8C;\r\n filename*1*=%8C%EC%9D%BC;\r\n "
                    "filename*2=\".txt\""),
           attached("filename*1*=utf-8''%ED%95%9C%EA%B8%80;\r\n filename*2*=%20%ED%8C%8C%EC%9D%BC.txt"),
           attached("filename=\"=?utf-8?B?7ZWc6riAIO2MjOydvC50eHQ=?=\""),
           attached("filename==?utf-8?B?7ZWc6riAIO2MjOydvC50eHQ=?="),
           attached("filename=\"=?euc-kr?Q?=C7=D1=B1=DB_=C6=C4=C0=CF?=.txt\""),
           attached("filename=\"=?utf-8?B?7ZWc6riAIO2M?=\r\n =?utf-8?B?jOydvC50eHQ=?=\""),
           attached("filename*=\"=?utf-8?B?7ZWc6riAIO2MjOydvC50eHQ=?=\""),
           attached("filename*=utf-8''%3D%3Futf-8%3FB%3F7ZWc6riAIO2MjOydvC50eHQ=?="),
           attached("filename*0*=\"=?UTF-8?B?7ZWc6riAIO2M\"; filename*1*=\"jOydvC50eHQ=?=\""),
           attached("filename=\"한글\r\n\t파일.txt\""),
           attached("filename*0=\"=?UTF-8?B?7ZWc6riAIO2M\"; filename*1=\"jOydvC50eHQ=?=\""),
           attached("filename*0=\"=?UTF-8?Q?=ED=95=9C=EA=B8=80_=ED=8C=8C?=\"; filename*1=\" "
                    "=?UTF-8?Q?=EC=9D=BC.txt?=\""),
           attached("filename=\"" + percent + "\""),
           attached("filename=\"UTF-8''" + percent + "\""),
           attached("filename=\"" + name + "\""),
           attached("filename=" + name),
           attached("filename*0=\"한글 \"; filename*1=\"파일.txt\""),
           attached("filename=\"" + euc + "\""),
           attached("filename=\"C:\\내 문서\\한글 파일.txt\""),
           attached("filename=\"../../한글 파일.txt\""),
           attached("filename=\"" + name + "\"; size=3"),
           attached("filename=" + name + "; size=3"),
           attached("filename=" + name + " size=3"),
           "Content-Type: application/x-any; name=\"=?utf-8?B?7ZWc6riAIO2MjOydvC50eHQ=?=\"" + std::string(),
           "Content-Type: application/x-any; name*=utf-8''" + percent,
           "Content-Type: application/x-any;\r\n\tname=\"" + euc + "\"\r\nContent-Disposition: attachment",
           "Content-Type: application/x-any; name=\"" + name + "\"\r\nContent-Disposition: inline",
           "Content-Type: application/x-any\r\nContent-Disposition: filename=\"" + name + "\"",
           "Content-Type: application/x-any\r\nContent-Disposition: ; filename=\"" + name + "\"",
           "Content-Type: application/x-any\r\nContent-Disposition: attachment filename=\"" + name + "\"",
           "Content-Type: application/x-any\r\nContent-Disposition: \"attachment\", filename=\"" + name +
               "\"",
           "Content-Type: image/png\r\nContent-Disposition: inline; filename=\"" + name + "\"",
           "Content-Type: text/plain; charset=euc-kr\r\nContent-Disposition: attachment; filename=\"" + euc +
               "\"",
       }) {
    EXPECT_EQ(name_in(fields), name) << fields;
  }
}

TEST(FileNames, InTheCharsetOfTheMessage) {
  // 我的.txt in GB 2312, which EUC-KR has other characters for.
  std::string message =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x-any\r\n"
      "Content-Disposition: attachment; filename=\"\xCE\xD2\xB5\xC4.txt\"\r\n\r\nx\r\n--b\r\n"
      "Content-Type: text/plain; charset=gb2312\r\n\r\nx\r\n--b--\r\n";
  EXPECT_EQ(list_attachments(parse_message(message), message).at(0).name, "我的.txt");
}

TEST(FileNames, AreSafe) {
  const Row rows[] = {
      {"\"exe\u202Egpj.txt\"", "exegpj.txt"},
      {"\"a\u0085\u009B\x1B\x7F\u2028\u2066 b.txt\"", "a b.txt"},
      {"\"..\"", ""},
      {"\".bashrc\"", "bashrc"},
      {"\"=?utf-8?B?"
       "Li4vLi4vZXRjL3Bhc3N3ZA=="
       "?=\"",
       "passwd"},
      {"\"%2E%2E%2F%ED%95%9C.txt\"", "한.txt"},
      {"\"100%25.txt\"", "100%25.txt"},
      {"a,b (1).txt", "a,b (1).txt"},
      {"my=file.txt", "my=file.txt"},
  };
  for (const Row& row : rows) EXPECT_EQ(name_in(attached("filename=" + row.fields)), row.name) << row.fields;
  std::string longest =
      name_in(attached("filename=\"" + std::string(150, 'x') + std::string(99, 'y') + ".tar.gz\""));
  EXPECT_EQ(longest.size(), 200u);
  EXPECT_TRUE(longest.ends_with("x.gz") || longest.ends_with("y.gz"));
}

TEST(Parameters, EndWithoutQuotes) {
  struct Case {
    const char *value, *charset, *format;
  };
  for (const Case& c : {Case{"text/plain; charset=euc-kr, name=x.txt", "euc-kr", ""},
                        Case{"text/plain; charset=euc-kr format=flowed", "euc-kr", "flowed"},
                        Case{"text/plain; charset=euc-kr junk; format=flowed", "euc-kr", "flowed"},
                        Case{"text/plain; charset=utf-8,format=flowed", "utf-8", "flowed"},
                        Case{"text/plain; charset=utf-8 (Unicode); format=flowed", "utf-8", "flowed"},
                        Case{"text/plain; charset=\"utf-8\" format=flowed", "utf-8", "flowed"},
                        Case{"text/plain charset=utf-8", "utf-8", ""},
                        Case{"charset=utf-8; format=flowed", "utf-8", "flowed"},
                        Case{"text/plain; charset = utf-8 ; format = flowed", "utf-8", "flowed"},
                        Case{"text/plain; charset='utf-8'", "'utf-8'", ""},
                        Case{"text/plain; charset=utf-8\"; format=flowed", "utf-8", "flowed"}}) {
    ContentType type = parse_content_type(c.value);
    EXPECT_EQ(type.parameter("charset"), c.charset) << c.value;
    EXPECT_EQ(type.parameter("format"), c.format) << c.value;
    EXPECT_EQ(type.name(), "text/plain") << c.value;
  }
}

TEST(Attachments, AllThatCanBeSaved) {
  struct Case {
    const char* type;
    size_t count;
  };
  for (const Case& c :
       {Case{"image/png", 1}, Case{"audio/mpeg", 1}, Case{"video/mp4", 1}, Case{"application/pdf", 1},
        Case{"text/plain", 0}, Case{"text/html", 0}, Case{"text/csv", 1}, Case{"text/plain; name=a.txt", 1},
        Case{"image/png\r\nContent-Disposition: inline", 1}}) {
    std::string message = "Content-Type: " + std::string(c.type) + "\r\n\r\nx\r\n";
    EXPECT_EQ(list_attachments(parse_message(message), message).size(), c.count) << c.type;
  }
  std::string message =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/alternative; "
      "boundary=a\r\n\r\n"
      "--a\r\n\r\ntext\r\n--a\r\nContent-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: "
      "text/html\r\n\r\n"
      "<p>html\r\n--r\r\nContent-Type: image/png\r\nContent-Disposition: "
      "inline\r\n\r\nx\r\n--r--\r\n--a--\r\n--b\r\n"
      "Content-Type: image/jpeg\r\nContent-Disposition: inline; filename=b.jpg\r\n\r\nx\r\n--b\r\n"
      "Content-Type: audio/ogg\r\n\r\nx\r\n--b\r\nContent-Type: application/zip\r\n\r\nx\r\n--b\r\n"
      "Content-Type: text/plain\r\n\r\nmore text\r\n--b--\r\n";
  std::string types;
  for (const Attachment& one : list_attachments(parse_message(message), message)) types += one.type + " ";
  EXPECT_EQ(types, "image/png image/jpeg audio/ogg application/zip ");
}

}  // namespace
}  // namespace pabal::mail
