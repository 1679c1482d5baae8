#include "mail/charset_guess.h"

#include <algorithm>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#include <unordered_set>

#include "base/bytes.h"
#include "mail/convert.h"

namespace pabal::mail {
namespace {

constexpr size_t looked_at_octets_max = 4 * 1024;

// The characters that fill half of ordinary text and most subjects, by language.
constexpr std::string_view korean =
    "이다는을의에고가하지로한기사은도를인대정서어자해수나스리시만일부제그아보원장들으있전과라상구"
    "조주게국여비오선신무공경연세업문생유산성소관회계안위화동실방적치미중마물학모재교입내거양등"
    "명분발행출개년월차진드요바러면할것데건용통단현네우까합간당강북남민호금김박최씨님께드립니녕"
    "십알림첨파일붙임견송답메편참고처트레노타크프카터포토회의록보고서요청결과신청접수배송문주취소환불"
    "약메뉴담당승렬석훈철숙희영순옥향별확정자료링크본확된되않없좋감축설날추휴급긴로저희여러잘못법령판매"
    "습직번호값표초대작업팀즐겁운하루졌봐줘래뭐왜같많먼밤말집손눈꿈봄길밥빠엄형누언따떤떻겠큰작높낮새옛짜찾열"
    "닫안됨";
constexpr std::string_view japanese =
    "日本語人年大会社東京出中上下前後新学生今行時分見話間何月火水木金土曜名電車国小高手長私方先気食"
    "田山川村井藤佐鈴松野崎様件御連絡送信返資料添付予定確認願致申込案内議録報告書見積請求注文登録更"
    "変質問回答株式部課担当者所場合開催明昨来週試験測漢字件題登理由感謝世話最近動画写真情報業務終了開始";
constexpr std::string_view simplified =
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发"
    "后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开"
    "但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并"
    "物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先"
    "海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才"
    "结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书"
    "非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领"
    "共确传师观清今切院让识候带导争运您请谢附通知会议测试邮件联系收到发送您客户服务中欢迎订单简历合同"
    "报价货款票销售采购产品司付清款附账价优惠培训假放假调整采招聘申请项目资料计划总结工作报告";
constexpr std::string_view traditional =
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發"
    "後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開"
    "但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並"
    "物手應戰向頭文體政美相見被利什二等產或新己制身果加西月話合回特代內信表化老給世位次度門任常先"
    "海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活更別打女變四神總何電數安少報才"
    "結反受目太量再感建務做接必場件計管期市直資命山金指許統區保至隊形社便空決治展馬科司五基眼書"
    "非則聽白卻界達光放強即像難且權思王完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領"
    "共確傳師觀清今切院讓識候帶導爭運您請謝附通知會議測試郵件聯繫收到發送客戶服務歡迎訂單履歷台灣臺"
    "報價貨款票銷售採購產品司付清帳價優惠培訓假調整招聘申請項目資料計劃總結報告文";

using Common = std::unordered_set<UChar32>;

template <typename Use>
void each_character(std::string_view utf8, Use use) {
  for (size_t at = 0; at < utf8.size();) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(reinterpret_cast<const uint8_t*>(utf8.data()), at, utf8.size(), c);
    use(c);
  }
}

Common characters(std::string_view utf8) {
  Common out;
  each_character(utf8, [&](UChar32 c) { out.insert(c); });
  return out;
}

bool is_hangul(UChar32 c) {
  return c >= 0xAC00 && c <= 0xD7A3;
}
bool is_han(UChar32 c) {
  return c >= 0x4E00 && c <= 0x9FFF;
}
bool is_kana(UChar32 c) {
  return c >= 0x3041 && c <= 0x30FF;
}
bool is_wide_mark(UChar32 c) {  // U+3000 … and the full-width forms of ASCII
  return (c >= 0x3000 && c <= 0x3020) || (c >= 0xFF01 && c <= 0xFF5E) || (c >= 0x2010 && c <= 0x203B);
}
// Private use and control codes: nobody writes them.
bool is_odd(UChar32 c) {
  int8_t type = u_charType(c);
  return type == U_PRIVATE_USE_CHAR || type == U_UNASSIGNED || type == U_CONTROL_CHAR;
}

enum class Script : uint8_t { korean, japanese, chinese };

// How much a character speaks for its language, 1 at most.
double east_asian(Script script, const Common& common, UChar32 c) {
  if (common.contains(c)) return 1;
  if (is_odd(c)) return -1;
  if (is_wide_mark(c)) return 0.4;
  switch (script) {
    case Script::korean:
      return is_hangul(c) ? 0.4 : is_han(c) ? 0.05 : -0.2;
    case Script::japanese:
      return is_kana(c) ? 1 : is_han(c) ? 0.15 : -0.2;
    case Script::chinese:
      return is_han(c) ? 0.2 : -0.2;
  }
  return 0;
}

// Letters in small, or one in capital at a word's beginning, or a word in capitals.
double cyrillic(UChar32 before, UChar32 c) {
  bool letter = (c >= 0x0410 && c <= 0x044F) || c == 0x0401 || c == 0x0451 || c == 0x0406 || c == 0x0456 ||
                c == 0x0404 || c == 0x0454 || c == 0x0407 || c == 0x0457 || c == 0x040E || c == 0x045E;
  if (!letter) return c == 0x2116 || c == 0xAB || c == 0xBB || (c >= 0x2010 && c <= 0x2026) ? 0.3 : -1;
  bool joined = u_isalpha(before);
  if (joined && before < 0x80) return -1;  // in the middle of a Latin word
  return u_islower(c) || !joined || u_isupper(before) ? 0.9 : -1;
}

// Of Western text the most is ASCII, and what is not stands alone in a word.
double western(UChar32 before, UChar32 c) {
  if (is_odd(c)) return -1;
  if (!u_isalpha(c)) return 0.2;
  return before < 0x80 ? 0.6 : 0.2;
}

struct Candidate {
  const char* converter;
  double score;
};

double cyrillic_score(std::string_view bytes, const char* converter) {
  auto text = convert_all(open_converter(converter).get(), bytes);
  double score = 0;
  UChar32 before = ' ';
  size_t letters = 0;  // of the word so far
  // One letter alone says nothing: it is "в", or the "à" of a text in French.
  auto end_word = [&] {
    if (letters == 1) score -= cyrillic(' ', before);
    letters = 0;
  };
  each_character(text.value_or(""), [&](UChar32 c) {
    if (c < 0x80 || !u_isalpha(c)) end_word();
    if (c >= 0x80) score += cyrillic(before, c);
    if (c >= 0x80 && u_isalpha(c)) ++letters;
    if (c < 0x80 && u_isalpha(c) && before >= 0x80) score -= 2;  // a word goes on in Latin
    before = c;
  });
  end_word();
  return score;
}

double western_score(std::string_view bytes) {
  double score = 0;
  UChar32 before = ' ';
  each_character(convert(open_converter("windows-1252").get(), bytes), [&](UChar32 c) {
    if (c >= 0x80) score += western(before, c);
    before = c;
  });
  return score;
}

// In octets above 127, so that charsets with two per character compare with others.
double east_asian_score(std::string_view bytes, const char* converter, Script script, const Common& common) {
  auto text = convert_all(open_converter(converter).get(), bytes);
  if (!text) return -1;
  double sum = 0, count = 0;
  each_character(*text, [&](UChar32 c) {
    if (c < 0x80) return;
    // Half-width katakana have one octet each, and nearly nobody sends them.
    sum += c >= 0xFF61 && c <= 0xFF9F ? 0.1 : east_asian(script, common, c);
    ++count;
  });
  double octets = static_cast<double>(std::count_if(
      bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
  return count == 0 ? -1 : sum / count * octets;
}

}  // namespace

std::string guess_charset(std::string_view bytes) {
  if (bytes.find("\x1B$") != std::string_view::npos) return "iso-2022-jp";
  if (bytes.size() > looked_at_octets_max) {  // cut behind ASCII, which is no half of a character
    size_t cut = looked_at_octets_max;
    while (cut > looked_at_octets_max / 2 && static_cast<unsigned char>(bytes[cut - 1]) > 0x3F) --cut;
    bytes = bytes.substr(0, cut);
  }
  static const Common ko = characters(korean), ja = characters(japanese), hans = characters(simplified),
                      hant = characters(traditional);
  // Of equals the first is taken.
  const Candidate candidates[] = {
      {"windows-949", east_asian_score(bytes, "windows-949", Script::korean, ko)},
      {"euc-jp-2007", east_asian_score(bytes, "euc-jp-2007", Script::japanese, ja)},
      {"windows-31j", east_asian_score(bytes, "windows-31j", Script::japanese, ja)},
      {"gb18030", east_asian_score(bytes, "gb18030", Script::chinese, hans)},
      {"Big5-HKSCS", east_asian_score(bytes, "Big5-HKSCS", Script::chinese, hant)},
      {"windows-1251", cyrillic_score(bytes, "windows-1251")},
      {"KOI8-R", cyrillic_score(bytes, "KOI8-R")},
      {"windows-1252", western_score(bytes)},
  };
  const Candidate* best = &candidates[0];
  for (const Candidate& candidate : candidates) {
    if (candidate.score > best->score) best = &candidate;
  }
  return best->score > 0 ? best->converter : "windows-1252";
}

}  // namespace pabal::mail
