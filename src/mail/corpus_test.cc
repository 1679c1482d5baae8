// Messages that others have collected, against what they expect of them. The folder
// is not part of the repository; without it these tests say that they are skipped.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "base/bytes.h"
#include "mail/address_list.h"
#include "mail/date.h"
#include "mail/downgrade.h"
#include "mail/html_text.h"
#include "mail/message.h"

namespace pabal::mail {
namespace {

namespace fs = std::filesystem;

const fs::path corpora = fs::path(PABAL_SOURCE_DIR) / "../shared/corpora/mime";
const fs::path differences_file = fs::path(PABAL_SOURCE_DIR) / "tests/corpora/mime-differences.txt";

#define SKIP_WITHOUT_CORPORA()                                                                  \
  if (!fs::exists(corpora)) {                                                                   \
    std::cout << "SKIPPED: the corpora are not there (" << corpora.lexically_normal() << ")\n"; \
    GTEST_SKIP() << "no corpora at " << corpora.lexically_normal();                             \
  }

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<fs::path> files(const fs::path& folder, std::set<std::string> endings) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && endings.contains(entry.path().extension().string()))
      out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string with_lf(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  }
  return out;
}

// "file: reason" lines: where we differ on purpose.
std::map<std::string, std::string> read_differences() {
  std::map<std::string, std::string> out;
  std::string text = read(differences_file);
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    size_t colon = line.find(": ");
    if (line.empty() || line.starts_with('#') || colon == std::string_view::npos) continue;
    out.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  return out;
}

// mime4j's "<name>_decoded.xml" as flat text: one line per thing, in order.
class ExpectedTree {
 public:
  explicit ExpectedTree(const fs::path& xml) : folder_(xml.parent_path()), text_(with_lf(read(xml))) {}

  std::string flat() {
    std::string out;
    size_t at = 0;
    while ((at = text_.find('<', at)) != std::string::npos) {
      size_t end = text_.find('>', at);
      std::string tag = text_.substr(at + 1, end - at - 1);
      at = end + 1;
      if (tag == "field" || tag == "preamble" || tag == "epilogue") {
        size_t stop = text_.find("</" + tag, at);
        std::string content = unescape(text_.substr(at, stop - at));
        if (content.starts_with('\n')) content.erase(0, 1);
        out += tag + " " + (tag == "field" ? content : std::string(trim(content))) + "\n";
        at = stop;
      } else if (tag.starts_with("text-body") || tag.starts_with("binary-body")) {
        size_t quote = tag.find('"');
        std::string name = tag.substr(quote + 1, tag.rfind('"') - quote - 1);
        out += "body " + with_lf(read(folder_ / name)) + "\n";
      } else if (tag == "message" || tag == "body-part" || tag == "multipart" || tag.starts_with('/')) {
        if (tag != "/field" && tag != "/header" && tag != "/preamble" && tag != "/epilogue")
          out += tag + "\n";
      }
    }
    return out;
  }

 private:
  static std::string unescape(std::string text) {
    for (const auto& [from, to] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}}) {
      for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; ++at) {
        text.replace(at, std::string_view(from).size(), to);
      }
    }
    return text;
  }

  fs::path folder_;
  std::string text_;
};

// The XML was written with octets as ISO-8859-1 characters.
std::string latin1(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    auto octet = static_cast<unsigned char>(c);
    if (octet < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | octet >> 6);
      out += static_cast<char>(0x80 | (octet & 0x3F));
    }
  }
  return out;
}

void flatten(const Part& part, std::string_view message, std::string_view tag, std::string& out) {
  out += std::string(tag) + "\n";
  for (const Field& field : header_of(part, message).fields) {
    if (field.name.empty()) continue;
    std::string_view line = head_of(part, message).substr(field.begin, field.end - field.begin);
    std::string text = with_lf(line);
    if (text.ends_with('\n')) text.pop_back();
    out += "field " + latin1(text) + "\n";
  }
  if (part.is_multipart() && !part.opaque) {
    out += "multipart\n";
    auto piece = [&](std::string_view name, size_t begin, size_t end) {
      std::string text = latin1(with_lf(source_of(part, message).substr(begin, end - begin)));
      if (begin < end) out += std::string(name) + " " + std::string(trim(text)) + "\n";
    };
    piece("preamble", part.body_begin, part.preamble_end);
    for (const Part& child : part.children) flatten(child, message, "body-part", out);
    piece("epilogue", part.epilogue_begin, part.body_end);
    out += "/multipart\n";
  } else if (!part.children.empty()) {
    flatten(part.children.front(), message, "message", out);
  } else {
    out += "body " + with_lf(decode_body(part, message)) + "\n";
  }
  out += "/" + std::string(tag) + "\n";
}

// An empty preamble or epilogue is not worth a difference.
std::string without_empty(const std::string& flat) {
  std::string out;
  for (std::string_view line : split(flat, '\n')) {
    if (line != "preamble " && line != "epilogue ") out += std::string(line) + "\n";
  }
  return out;
}

std::string first_difference(const std::string& expected, const std::string& actual) {
  auto left = split(expected, '\n'), right = split(actual, '\n');
  for (size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    std::string_view a = i < left.size() ? left[i] : "(end)", b = i < right.size() ? right[i] : "(end)";
    if (a == b) continue;
    size_t same = 0;
    while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
    std::string where = "line " + std::to_string(i) + ", behind " + std::to_string(same) + " octets";
    return where + "\n  they: " + printable(a.substr(same)) + "\n  we:   " + printable(b.substr(same));
  }
  return "none";
}

// "2015-06-04T06:08:41+02:00" as UTC, to the second.
std::string parse_iso_date(const std::string& text) {
  std::smatch m;
  if (!std::regex_match(text, m, std::regex("(\\d+)-(\\d+)-(\\d+)T([0-9:]+)([+-]\\d\\d):?(\\d\\d)")))
    return {};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::string month = months[(std::stoi(m[2]) + 11) % 12];
  auto date = parse_date(m[3].str() + " " + month + " " + m[1].str() + " " + m[4].str() + " " + m[5].str() +
                         m[6].str());
  return date ? to_rfc3339(date->time).substr(0, 19) : "";
}

// Invariants that hold for every message whatsoever.
void check_sanity(const std::string& message) {
  Part root = parse_message(message);
  EXPECT_EQ(root.header_begin, 0u);
  EXPECT_EQ(root.body_end, message.size());
  for (const Part* part : leaf_parts(root, true)) {
    EXPECT_LE(part->body_begin, part->body_end);
    EXPECT_TRUE(is_utf8(text_of(*part, message)));
    if (part->type.is("text", "html")) EXPECT_TRUE(is_utf8(html_to_text(text_of(*part, message))));
  }
  for (const Attachment& attachment : list_attachments(root, message)) EXPECT_TRUE(is_utf8(attachment.name));
  if (auto converted = to_7bit(message)) EXPECT_EQ(scan_needs(*converted), Needs{});
}

TEST(Corpus, Mime4jTreesAreAsExpected) {
  SKIP_WITHOUT_CORPORA();
  auto differences = read_differences();
  size_t compared = 0;
  for (const fs::path& path : files(corpora / "mime4j/core", {".msg"})) {
    fs::path xml = path.parent_path() / (path.stem().string() + "_decoded.xml");
    ASSERT_TRUE(fs::exists(xml)) << xml;
    std::string message = read(path);
    std::string actual;
    flatten(parse_message(message), message, "message", actual);
    std::string expected = without_empty(ExpectedTree(xml).flat());
    actual = without_empty(actual);
    ++compared;
    std::string name = "mime4j/" + path.filename().string();
    if (differences.contains(name)) {
      EXPECT_NE(expected, actual) << name << " is as expected: remove it from " << differences_file;
    } else {
      EXPECT_TRUE(expected == actual) << path << ": " << first_difference(expected, actual);
    }
  }
  EXPECT_GT(compared, 60u);
}

// What James wrote into its index for a message, as far as we read the same from it.
struct JamesIndex {
  explicit JamesIndex(const fs::path& path) : json(read(path)) {}

  // The first `"key": "value"` behind `from`; JSON's escapes undone as far as they occur.
  std::string text(const std::string& key, size_t from = 0) const {
    std::smatch match;
    std::string rest = json.substr(from);
    if (!std::regex_search(rest, match, std::regex("\"" + key + "\"\\s*:\\s*\"([^\"]*)\""))) return {};
    return match[1];
  }

  // Addresses of "from", "to" … in order.
  std::vector<std::string> addresses(const std::string& key) const {
    std::vector<std::string> out;
    std::smatch match;
    if (!std::regex_search(json, match, std::regex("\"" + key + "\"\\s*:\\s*\\[([^\\]]*)\\]"))) return out;
    std::string list = match[1];
    std::regex address("\"address\"\\s*:\\s*\"([^\"]*)\"");
    for (std::sregex_iterator it(list.begin(), list.end(), address), end; it != end; ++it)
      out.push_back((*it)[1]);
    return out;
  }

  std::vector<std::string> file_names() const {
    std::vector<std::string> out;
    std::regex name("\"fileName\"\\s*:\\s*\"([^\"]*)\"");
    for (std::sregex_iterator it(json.begin(), json.end(), name), end; it != end; ++it)
      out.push_back((*it)[1]);
    return out;
  }

  std::string json;
};

TEST(Corpus, JamesIndexesAreAsExpected) {
  SKIP_WITHOUT_CORPORA();
  auto differences = read_differences();
  size_t compared = 0;
  for (const fs::path& path : files(corpora / "james/eml", {".json"})) {
    fs::path eml = path.parent_path() / (path.stem().string() + ".eml");
    if (!fs::exists(eml)) continue;  // a variant of another one's index
    ++compared;
    JamesIndex index(path);
    std::string message = read(eml);
    Header header = parse_header(message);
    Part root = parse_message(message);
    std::string expected = "id " + index.text("mimeMessageID"), actual = "id " + header.value("message-id");
    for (const char* name : {"from", "to", "cc"}) {
      for (const std::string& address : index.addresses(name))
        expected += std::string("\n") + name + " " + to_lower(address);
      for (const std::string& address : addresses_of(header.value(name))) {
        actual += std::string("\n") + name + " " + to_lower(address);
      }
    }
    auto expected_date = parse_iso_date(index.text("sentDate"));
    auto date = parse_date(header.value("date"));
    expected += "\ndate " + (expected_date.empty() ? "none" : expected_date);
    actual += "\ndate " + (date ? to_rfc3339(date->time).substr(0, 19) : "none");
    for (const std::string& name : index.file_names()) expected += "\nfile " + name;
    for (const Attachment& attachment : list_attachments(root, message)) {
      if (!attachment.name.empty()) actual += "\nfile " + attachment.name;
    }
    std::string name = "james/" + eml.filename().string();
    if (differences.contains(name)) {
      EXPECT_NE(expected, actual) << name << " is as expected: remove it from " << differences_file;
    } else {
      EXPECT_EQ(expected, actual) << name;
    }
  }
  EXPECT_GE(compared, 8u);
}

TEST(Corpus, EveryMessageParses) {
  SKIP_WITHOUT_CORPORA();
  size_t seen = 0;
  for (const fs::path& path : files(corpora, {".msg", ".eml", ".txt", ".mbox", ".xml"})) {
    SCOPED_TRACE(path.string());
    check_sanity(read(path));
    ++seen;
  }
  EXPECT_GT(seen, 400u);
}

}  // namespace
}  // namespace pabal::mail
