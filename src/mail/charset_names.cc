// The one table of charset names. Its sources:
// - the labels of the WHATWG Encoding Standard §4.2, which also say what to widen:
//   writers of "euc-kr" mean windows-949, of "iso-8859-1" windows-1252;
// - IANA's registry of character sets with its aliases ("cs…", "iso-ir-…");
// - names that mail programs made up ("cp50221" and "x-…" by Windows, "ks_c_5601" and
//   "johab" in Korea, "win-1251" in Russia, "utf8mb4" by programs with databases).
// Where a name is not here ICU's table, which has the rest of IANA's, is asked, then
// iconv's. Rows are here because ICU maps the name to a narrower or other table
// ("EUC-KR" to ibm-970, "GB2312" to ibm-1383, "TIS-620" to ibm-874), or has no such name.
#include "mail/charset_names.h"

#include <algorithm>
#include <iconv.h>
#include <unicode/ucnv.h>
#include <unordered_map>

#include "base/bytes.h"

namespace pabal::mail {
namespace {

struct Row {
  Coding coding;
  const char* converter;
  bool multi_octet;
  std::string_view names;  // as key() has them
};

// clang-format off
constexpr Row rows[] = {
  {Coding::utf8, "", true, "utf8 unicode11utf8 unicode20utf8 utf8mb3 utf8mb4 cp65001 windows65001 65001 utf8bom utf8n utf"},
  {Coding::ascii, "", false, "usascii ascii ansix341968 ansix341986 iso646us iso646irv1991 isoir6 us csascii ibm367 cp367 cp20127 7bit"},
  {Coding::unknown, "", false, "unknown8bit unknown xunknown 8bit 8bitascii binary default defaultcharset none userdefined csunknown8bit"},
  // Korean: everything is windows-949, the superset of EUC-KR (KS X 1001).
  {Coding::icu, "windows-949", true, "euckr cseuckr ksc56011987 ksc560119870 csksc56011987 ksc56011989 ksc56011992 ksc5601 ksx1001 ksx10011992 korean isoir149 cp949 949 ms949 uhc windows949 cp51949 51949 ksc5861 ksx2901 ksc56011 kscwansung wansung eucko mackorean"},
  {Coding::c_library, "JOHAB", true, "johab cp1361 1361 ms1361 windows1361 ksc56011992johab ksc5601johab ksx1001johab"},
  // Chinese, simplified: GB18030 contains GBK, which contains GB 2312.
  {Coding::icu, "gb18030", true, "gb2312 csgb2312 gb231280 gb23121980 gb231219800 csiso58gb231280 isoir58 chinese gbk csgbk gb18030 gb180302000 gb180302005 gb180302022 csgb18030 cp936 936 ms936 windows936 euccn eucgb2312cn gbeuc cngb cp20936 cp51936 cp54936 gb hz8 macchinesesimp"},
  {Coding::hz, "", true, "hz hzgb2312 hzgb cp52936 cshzgb2312"},
  // Traditional: Big5-HKSCS has what windows-950 and the ETEN extensions have as well.
  {Coding::icu, "Big5-HKSCS", true, "big5 csbig5 cnbig5 big5hkscs csbig5hkscs big5hk big5eten big5et big5tw big52003 cp950 950 ms950 windows950 cp951 xxbig5 bigfive big5hkscs1999 big5hkscs2001 big5hkscs2004 big5hkscs2008 macchinesetrad"},
  {Coding::icu, "EUC-TW", true, "euctw cns11643 cseuctw cp51950"},
  // Japanese.
  {Coding::icu, "windows-31j", true, "shiftjis sjis csshiftjis mskanji ms932 cp932 932 windows932 windows31j cswindows31j shiftjisms shiftjisx0213 shiftjis2004 cp943 ibm943 sjiswin jisx0201 x0201 cshalfwidthkatakana macjapanese"},
  {Coding::icu, "euc-jp-2007", true, "eucjp cseucpkdfmtjapanese extendedunixcodepackedformatforjapanese ujis eucjpms cp51932 51932 cp20932 eucjpwin eucjp2004 eucjisx0213"},
  // ISO 2022 (RFC 1468, 1554, 1557, 1922, 2237) with the ways in which Windows writes it.
  {Coding::iso_2022, "ja", true, "iso2022jp csiso2022jp iso2022jp1 iso2022jp2 csiso2022jp2 iso2022jp3 iso2022jp2004 iso2022jpms iso2022jpext iso2022jp8 cp50220 50220 cp50221 50221 cp50222 50222 windows50220 windows50221 windows50222 jis jis7 jis8 jisencoding csjisencoding junet"},
  {Coding::iso_2022, "ko", true, "iso2022kr csiso2022kr cp50225 50225 windows50225"},
  {Coding::iso_2022, "zh", true, "iso2022cn csiso2022cn iso2022cnext csiso2022cnext cp50227 50227 cp50229 50229"},
  // Western: the control codes 0x80–0x9F are never meant.
  {Coding::icu, "windows-1252", false, "iso88591 iso885911987 isoir100 latin1 l1 csisolatin1 ibm819 cp819 819 windows1252 cp1252 1252 win1252 cswindows1252 iso88591windows30latin1 iso88591windows31latin1 cswindows30latin1 cswindows31latin1 isolatin1 ansi westerneuropean cp28591 iso8859 latin"},
  {Coding::icu, "windows-1254", false, "iso88599 iso885991989 isoir148 latin5 l5 csisolatin5 windows1254 cp1254 1254 win1254 cswindows1254 iso88599windowslatin5 cswindows31latin5 isolatin5 turkish cp28599"},
  {Coding::icu, "windows-874", false, "tis620 cstis620 tis6202533 tis62025330 tis62025331 iso885911 iso8859112001 windows874 cp874 874 dos874 ms874 thai win874 isoir166"},
  {Coding::icu, "windows-1250", false, "windows1250 cp1250 1250 win1250 cswindows1250 iso88592windowslatin2 cswindows31latin2"},
  {Coding::icu, "windows-1251", false, "windows1251 cp1251 1251 win1251 win cswindows1251"},
  {Coding::icu, "windows-1253", false, "windows1253 cp1253 1253 win1253 cswindows1253"},
  {Coding::icu, "windows-1255", false, "windows1255 cp1255 1255 win1255 cswindows1255"},
  {Coding::icu, "windows-1256", false, "windows1256 cp1256 1256 win1256 cswindows1256"},
  {Coding::icu, "windows-1257", false, "windows1257 cp1257 1257 win1257 cswindows1257"},
  {Coding::icu, "windows-1258", false, "windows1258 cp1258 1258 win1258 cswindows1258"},
  {Coding::icu, "iso-8859-2", false, "iso88592 iso885921987 isoir101 latin2 l2 csisolatin2 isolatin2 cp28592"},
  {Coding::icu, "iso-8859-3", false, "iso88593 iso885931988 isoir109 latin3 l3 csisolatin3 isolatin3 cp28593"},
  {Coding::icu, "iso-8859-4", false, "iso88594 iso885941988 isoir110 latin4 l4 csisolatin4 isolatin4 cp28594"},
  {Coding::icu, "iso-8859-5", false, "iso88595 iso885951988 isoir144 cyrillic csisolatincyrillic cp28595"},
  {Coding::icu, "iso-8859-6", false, "iso88596 iso885961987 isoir127 arabic csisolatinarabic asmo708 ecma114 iso88596e iso88596i csiso88596e csiso88596i cp28596"},
  {Coding::icu, "iso-8859-7", false, "iso88597 iso885971987 isoir126 greek greek8 csisolatingreek ecma118 elot928 suneugreek cp28597"},
  {Coding::icu, "iso-8859-8", false, "iso88598 iso885981988 isoir138 hebrew csisolatinhebrew iso88598e iso88598i csiso88598e csiso88598i logical visual cp28598 cp38598"},
  {Coding::icu, "iso-8859-10", false, "iso885910 iso8859101992 isoir157 latin6 l6 csisolatin6"},
  {Coding::icu, "iso-8859-13", false, "iso885913 csiso885913 latin7 l7 cp28603"},
  {Coding::icu, "iso-8859-14", false, "iso885914 iso8859141998 isoir199 latin8 l8 csiso885914 isoceltic"},
  {Coding::icu, "iso-8859-15", false, "iso885915 latin9 l9 csisolatin9 isolatin9 csiso885915 latin0 cp28605"},
  {Coding::c_library, "ISO-8859-16", false, "iso885916 iso8859162001 isoir226 latin10 l10 csiso885916 cp28606"},
  {Coding::icu, "KOI8-R", false, "koi8r cskoi8r koi8 koi cp878 cp20866 20866"},
  // KOI8-RU has the letters of KOI8-U and two of Belarusian where others have lines.
  {Coding::c_library, "KOI8-RU", false, "koi8u koi8ru cskoi8u cp21866 21866 cp1168"},
  {Coding::c_library, "PT154", false, "pt154 ptcp154 csptcp154 cp154 cyrillicasian"},
  {Coding::c_library, "RK1048", false, "rk1048 kz1048 cskz1048 strk10482002"},
  {Coding::icu, "ibm-866", false, "ibm866 cp866 866 csibm866 dos866 alt"},
  {Coding::icu, "macintosh", false, "macintosh mac macroman csmacintosh cp10000 macosroman"},
  {Coding::icu, "x-mac-cyrillic", false, "maccyrillic macukrainian macosukrainian cp10007"},
  {Coding::icu, "x-mac-greek", false, "macgreek cp10006"},
  {Coding::icu, "x-mac-turkish", false, "macturkish cp10081"},
  {Coding::icu, "x-mac-centraleurroman", false, "macce maccentraleurroman maccentraleurope cp10029"},
  {Coding::icu, "utf-7", true, "utf7 unicode11utf7 csunicode11utf7 unicode20utf7 csutf7 cp65000 65000"},
  {Coding::icu, "UTF-16LE", true, "utf16le cputf16le windows1200 csutf16le"},
  {Coding::icu, "UTF-16BE", true, "utf16be windows1201 csutf16be unicode11 csunicode11"},
  {Coding::icu, "UTF-16", true, "utf16 csutf16 iso10646ucs2 csunicode ucs2 unicode"},
  {Coding::icu, "UTF-32LE", true, "utf32le csutf32le"},
  {Coding::icu, "UTF-32BE", true, "utf32be csutf32be"},
  {Coding::icu, "UTF-32", true, "utf32 csutf32 iso10646ucs4 csucs4 ucs4"},
};
// clang-format on

// The name in lower case with its letters and digits only.
std::string key(std::string_view name) {
  std::string out;
  for (char c : name.substr(0, name.find('*'))) {
    if (is_alnum(c)) out += to_lower(c);
  }
  return out;
}

const Row* find_row(std::string_view key) {
  static const auto table = [] {
    std::unordered_map<std::string_view, const Row*> out;
    for (const Row& row : rows) {
      for (std::string_view name : split(row.names, ' ')) out.emplace(name, &row);
    }
    return out;
  }();
  auto found = table.find(key);
  return found == table.end() ? nullptr : found->second;
}

// A name that others may see: ICU's syntax for options (",version=…") and that of
// iconv ("//TRANSLIT") are not for strangers.
bool is_safe_name(std::string_view name) {
  return !name.empty() && name.size() < UCNV_MAX_CONVERTER_NAME_LENGTH &&
         std::all_of(
             name.begin(), name.end(),
             [](char c) {
               return is_alnum(c) || std::string_view("-_.:()+").find(c) != std::string_view::npos;
             });
}

Charset others(const std::string& name) {
  if (!is_safe_name(name)) return {};
  UErrorCode error = U_ZERO_ERROR;
  if (UConverter* converter = ucnv_open(name.c_str(), &error)) {
    bool multi = ucnv_getMaxCharSize(converter) > 1;
    const char* own_name = ucnv_getName(converter, &error);  // one for all its aliases
    Charset found{Coding::icu, U_SUCCESS(error) ? own_name : name, multi};
    ucnv_close(converter);
    return found;
  }
  iconv_t converter = iconv_open("UTF-8", name.c_str());
  if (converter == reinterpret_cast<iconv_t>(-1)) return {};
  iconv_close(converter);
  return {Coding::c_library, name, true};
}

}  // namespace

Charset find_charset(std::string_view name) {
  name = name.substr(0, name.find('*'));
  auto is_decoration = [](char c) { return is_wsp(c) || c == '"' || c == '\'' || c == ';' || c == ','; };
  while (!name.empty() && is_decoration(name.front())) name.remove_prefix(1);
  while (!name.empty() && is_decoration(name.back())) name.remove_suffix(1);
  if (name.empty()) return {Coding::ascii, "", false};
  std::string wanted = key(name);
  const Row* row = find_row(wanted);
  if (row == nullptr && wanted.starts_with('x')) row = find_row(std::string_view(wanted).substr(1));
  if (row != nullptr) return {row->coding, row->converter, row->multi_octet};
  for (std::string_view prefix : {"windowscp", "microsoftcp", "msdos", "dos", "oem"}) {  // "DOS-850"
    if (wanted.starts_with(prefix)) return find_charset("cp" + wanted.substr(prefix.size()));
  }
  return others(std::string(name));
}

}  // namespace pabal::mail
