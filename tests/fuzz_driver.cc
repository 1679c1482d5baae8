// Feeds the stored inputs of a fuzzer, and small damages of them, to its entry
// point, without libFuzzer: what ./dev test runs. The same damages each time.
//   fuzz_NAME DIRECTORY...
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

constexpr int kDamagesPerInput = 100;

void feed(const std::string& input) {
  // A copy of its own size, so that ASan sees the first octet read past it.
  std::vector<uint8_t> exact(input.begin(), input.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

std::string damage(std::string input, std::mt19937& random) {
  for (unsigned n = 1 + random() % 3; n > 0; --n) {
    size_t at = input.empty() ? 0 : random() % input.size();
    switch (random() % 5) {
      case 0:
        input.resize(at);
        break;
      case 1:
        input.insert(at, 1, static_cast<char>(random()));
        break;
      case 2:
        input.insert(at, input.substr(at, random() % 64));
        break;
      case 3:
        input.erase(at, random() % 16);
        break;
      default:
        if (!input.empty()) input[at] = static_cast<char>(random());
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) continue;
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::mt19937 random(5321);
  feed("");
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::string input{std::istreambuf_iterator<char>(in), {}};
    feed(input);
    for (int i = 0; i < kDamagesPerInput; ++i) feed(damage(input, random));
  }
  std::printf("%zu inputs, %zu runs\n", files.size(), 1 + files.size() * (1 + kDamagesPerInput));
  return 0;
}
