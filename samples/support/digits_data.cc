#include "support/digits_data.h"

#include <tenon/tenon.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <numeric>
#include <string_view>

namespace digits {
namespace {

constexpr int kInk = 16;  // the darkest grey level of the file

[[noreturn]] void malformed(const std::string& path, size_t line, const std::string& what) {
  throw tenon::InvalidArgumentError(
      tenon::ErrorKind::bad_argument,
      path + ", line " + std::to_string(line) + ": " + what +
          ". A line has 64 grey levels from 0 to 16 and a digit from 0 to 9, with commas between.");
}

// The whole file, unpacked.
std::string unpack(const std::string& path) {
  errno = 0;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) {
    throw tenon::NotFoundError(tenon::ErrorKind::bad_argument,
                               "Can't open the digits, " + path + ": " + std::strerror(errno) +
                                   ". They come with Tenon as samples/data/digits.csv.gz.");
  }
  std::string text;
  std::array<char, 1 << 16> block;
  int count = 0;
  while ((count = gzread(file.get(), block.data(), block.size())) > 0) {
    text.append(block.data(), static_cast<size_t>(count));
  }
  int problem = Z_OK;
  const char* reason = gzerror(file.get(), &problem);
  if (problem != Z_OK) {
    throw tenon::InvalidArgumentError(
        tenon::ErrorKind::bad_argument,
        path + " is damaged after " + std::to_string(text.size()) + " bytes of text: " +
            (problem == Z_BUF_ERROR ? "the file ends too early" : reason) + ". Copy it again.");
  }
  return text;
}

// One line into the data set.
void parse(std::string_view line, size_t number, const std::string& path, Dataset& data) {
  const auto fields = static_cast<size_t>(std::count(line.begin(), line.end(), ',')) + 1;
  if (fields != kPixels + 1) {
    malformed(path, number, "expected 65 numbers, found " + std::to_string(fields));
  }
  for (size_t column = 1; column <= fields; ++column) {
    const std::string_view field = line.substr(0, line.find(','));
    line.remove_prefix(std::min(field.size() + 1, line.size()));
    int value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    const int largest = column <= kPixels ? kInk : static_cast<int>(kClasses) - 1;
    if (error != std::errc() || end != field.data() + field.size() || value < 0 ||
        value > largest) {
      malformed(path, number,
                "column " + std::to_string(column) + " is \"" + std::string(field) +
                    "\", not a number from 0 to " + std::to_string(largest));
    }
    if (column <= kPixels) {
      data.pixels.push_back(static_cast<float>(value) / kInk);
    } else {
      data.labels.push_back(value);
    }
  }
}

// These images, in this order.
Dataset select(const Dataset& from, const std::vector<size_t>& indices) {
  Dataset chosen;
  for (const size_t index : indices) {
    chosen.pixels.insert(chosen.pixels.end(), from.image(index), from.image(index) + kPixels);
    chosen.labels.push_back(from.labels[index]);
  }
  return chosen;
}

}  // namespace

Dataset read(const std::string& path) {
  const std::string text = unpack(path);
  Dataset data;
  std::string_view rest = text;
  for (size_t number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    parse(line, number, path, data);
  }
  if (data.size() == 0) malformed(path, 1, "the file is empty");
  return data;
}

Split stratified_split(const std::vector<int32_t>& labels, size_t test_count, uint32_t seed) {
  if (test_count >= labels.size()) {
    throw tenon::InvalidArgumentError(
        tenon::ErrorKind::bad_argument,
        "Can't keep " + std::to_string(test_count) + " images for testing: there are " +
            std::to_string(labels.size()) + ", and some must be left to train with.");
  }
  std::array<std::vector<size_t>, kClasses> by_digit;
  for (size_t i = 0; i < labels.size(); ++i) by_digit[static_cast<size_t>(labels[i])].push_back(i);

  // Whole shares first; what is missing then goes to the digits with the largest remainders.
  std::array<size_t, kClasses> quota{}, remainder{}, order{};
  size_t given = 0;
  for (size_t digit = 0; digit < kClasses; ++digit) {
    quota[digit] = test_count * by_digit[digit].size() / labels.size();
    remainder[digit] = test_count * by_digit[digit].size() % labels.size();
    given += quota[digit];
  }
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return remainder[a] > remainder[b]; });
  for (size_t i = 0; given < test_count; ++i, ++given) ++quota[order[i]];

  Shuffler shuffler(seed);
  Split split;
  for (size_t digit = 0; digit < kClasses; ++digit) {
    std::vector<size_t>& images = by_digit[digit];
    shuffler.shuffle(images);
    const auto border = images.begin() + static_cast<std::ptrdiff_t>(quota[digit]);
    split.test.insert(split.test.end(), images.begin(), border);
    split.train.insert(split.train.end(), border, images.end());
  }
  std::sort(split.train.begin(), split.train.end());
  std::sort(split.test.begin(), split.test.end());
  return split;
}

Divided divide(const Dataset& all, size_t test_count, uint32_t seed) {
  const Split split = stratified_split(all.labels, test_count, seed);
  return {select(all, split.train), select(all, split.test)};
}

Shuffler::Shuffler(uint32_t seed) : state_(seed) {}

// SplitMix64.
uint64_t Shuffler::next() {
  uint64_t x = state_ += 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

void Shuffler::shuffle(std::vector<size_t>& order) {
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[below(i)]);
}

size_t Shuffler::below(size_t bound) { return static_cast<size_t>(next() % bound); }

}  // namespace digits
