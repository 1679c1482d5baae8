#include <utility>

#include "base/bytes.h"
#include "mail/compose.h"

namespace pabal::mail {

std::string_view guess_media_type(std::string_view filename) {
  static constexpr std::pair<std::string_view, std::string_view> types[] = {
      {"txt", "text/plain"},
      {"log", "text/plain"},
      {"md", "text/markdown"},
      {"csv", "text/csv"},
      {"htm", "text/html"},
      {"html", "text/html"},
      {"css", "text/css"},
      {"js", "text/javascript"},
      {"ics", "text/calendar"},
      {"vcf", "text/vcard"},
      {"xml", "application/xml"},
      {"json", "application/json"},
      {"pdf", "application/pdf"},
      {"rtf", "application/rtf"},
      {"zip", "application/zip"},
      {"gz", "application/gzip"},
      {"tgz", "application/gzip"},
      {"7z", "application/x-7z-compressed"},
      {"tar", "application/x-tar"},
      {"hwp", "application/x-hwp"},
      {"hwpx", "application/hwp+zip"},
      {"doc", "application/msword"},
      {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
      {"xls", "application/vnd.ms-excel"},
      {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
      {"ppt", "application/vnd.ms-powerpoint"},
      {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
      {"odt", "application/vnd.oasis.opendocument.text"},
      {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
      {"odp", "application/vnd.oasis.opendocument.presentation"},
      {"epub", "application/epub+zip"},
      {"png", "image/png"},
      {"jpg", "image/jpeg"},
      {"jpeg", "image/jpeg"},
      {"gif", "image/gif"},
      {"webp", "image/webp"},
      {"avif", "image/avif"},
      {"heic", "image/heic"},
      {"bmp", "image/bmp"},
      {"svg", "image/svg+xml"},
      {"tif", "image/tiff"},
      {"tiff", "image/tiff"},
      {"ico", "image/vnd.microsoft.icon"},
      {"mp3", "audio/mpeg"},
      {"m4a", "audio/mp4"},
      {"ogg", "audio/ogg"},
      {"flac", "audio/flac"},
      {"wav", "audio/wav"},
      {"mp4", "video/mp4"},
      {"webm", "video/webm"},
      {"mov", "video/quicktime"},
      {"avi", "video/x-msvideo"},
      {"mkv", "video/x-matroska"},
      {"eml", "message/rfc822"},
      {"asc", "application/pgp-keys"},
      {"p7s", "application/pkcs7-signature"},
  };
  size_t dot = filename.rfind('.');
  if (dot != std::string_view::npos) {
    for (const auto& [ending, type] : types) {
      if (iequals(filename.substr(dot + 1), ending)) return type;
    }
  }
  return "application/octet-stream";
}

}  // namespace pabal::mail
