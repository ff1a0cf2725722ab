// The handwritten digits of samples/data, and how they are divided for training and testing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace digits {

inline constexpr size_t kSide = 8;  // an image is 8 x 8
inline constexpr size_t kPixels = kSide * kSide;

// Where the digits of samples/data are from, for the foot of a page.
inline constexpr const char* kCredit =
    "Images: test part of &ldquo;Optical Recognition of Handwritten Digits&rdquo;, "
    "E. Alpaydin and C. Kaynak, 1998, UCI, CC BY 4.0.";
inline constexpr size_t kClasses = 10;

// Images row by row, each pixel between 0 (paper) and 1 (ink), and what they show.
struct Dataset {
  std::vector<float> pixels;
  std::vector<int32_t> labels;
  size_t size() const { return labels.size(); }
  const float* image(size_t index) const { return pixels.data() + index * kPixels; }
};

// Reads a CSV file, gzip'd or plain: a line an image, 64 grey levels from 0 to 16 and the digit.
//
// Throws tenon::NotFoundError when the file can't be opened, tenon::InvalidArgumentError when it is
// damaged (a truncated gzip stream), or malformed: the message names file, line and column, what is
// there and what was expected. All are of kind bad_argument.
Dataset read(const std::string& path);

struct Split {
  std::vector<size_t> train, test;  // indices, ascending
};

// Chooses `test_count` of the images for testing, each digit by its share of the whole (largest
// remainders first), and leaves the rest for training. The same seed gives the same split
// everywhere. Throws tenon::InvalidArgumentError (bad_argument) when test_count isn't below the
// number of images.
Split stratified_split(const std::vector<int32_t>& labels, size_t test_count, uint32_t seed);

// The images so divided, each part in the order of the whole.
struct Divided {
  Dataset train, test;
};
Divided divide(const Dataset& all, size_t test_count, uint32_t seed);

// Chance that is the same on every machine, which the distributions of <random> are not.
class Shuffler {
 public:
  explicit Shuffler(uint32_t seed);
  void shuffle(std::vector<size_t>& order);  // Fisher and Yates's
  size_t below(size_t bound);                // a number from 0 to bound - 1

 private:
  uint64_t next();
  uint64_t state_;
};

}  // namespace digits
