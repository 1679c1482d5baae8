#include "app/demo/picture.h"

#include <array>
#include <cstdint>
#include <zlib.h>

namespace pabal::app {

namespace {

constexpr int kSide = 64;

struct Colour {
  uint8_t r, g, b;
};
constexpr Colour kPaper{245, 238, 220}, kRed{178, 34, 34};

// A frame, and inside it the strokes of 파 as a carver would simplify them.
bool is_stroke(int x, int y) {
  auto within = [&](int x0, int y0, int x1, int y1) { return x >= x0 && x < x1 && y >= y0 && y < y1; };
  if (within(4, 4, 60, 60) && !within(8, 8, 56, 56)) return true;
  return within(14, 16, 40, 20) || within(14, 44, 40, 48) || within(19, 20, 23, 44) ||
         within(31, 20, 35, 44) || within(44, 12, 48, 52) || within(48, 30, 53, 34);
}

void put_number(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

// PNG (ISO/IEC 15948) §5.3: length, type, data, CRC over type and data.
void put_chunk(std::string& out, const std::string& type, const std::string& data) {
  put_number(out, static_cast<uint32_t>(data.size()));
  std::string body = type + data;
  out += body;
  put_number(out, static_cast<uint32_t>(
                      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

}  // namespace

std::string seal_png() {
  std::string rows;
  for (int y = 0; y < kSide; ++y) {
    rows += '\0';  // no filter
    for (int x = 0; x < kSide; ++x) {
      Colour c = is_stroke(x, y) ? kRed : kPaper;
      // The grain of the paper, so that the file is not all too small.
      auto grain = static_cast<uint8_t>((x * 7 + y * 13) % 5);
      for (uint8_t value : {c.r, c.g, c.b}) rows += static_cast<char>(value - grain);
    }
  }
  uLongf size = compressBound(rows.size());
  std::string packed(size, '\0');
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()),
           rows.size());
  packed.resize(size);

  std::string head;
  put_number(head, kSide);
  put_number(head, kSide);
  head += std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits, RGB
  std::string out = "\x89PNG\r\n\x1a\n";
  put_chunk(out, "IHDR", head);
  put_chunk(out, "IDAT", packed);
  put_chunk(out, "IEND", "");
  return out;
}

}  // namespace pabal::app
