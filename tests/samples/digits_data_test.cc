// The digits sample's data: reading it, refusing what is damaged, dividing it.
#include "support/digits_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>

#include "tenon/error.h"

namespace {

using testing::HasSubstr;

const std::string kShipped = TENON_SOURCE_DIR "/samples/data/digits.csv.gz";

// A file that is gone when the test ends.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content)
      : path_(testing::TempDir() + "digits_" +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".csv") {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A line of an image in one grey level.
std::string line(const std::string& level, const std::string& label) {
  std::string text;
  for (size_t i = 0; i < digits::kPixels; ++i) text += level + ",";
  return text + label + "\n";
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The message of the error that reading this text gives.
std::string refusal(const std::string& content) {
  const TemporaryFile file(content);
  try {
    digits::read(file.path());
  } catch (const tenon::InvalidArgumentError& error) {
    EXPECT_EQ(error.kind(), tenon::ErrorKind::bad_argument);
    EXPECT_THAT(error.what(), HasSubstr(file.path()));
    return error.what();
  }
  return "nothing was wrong";
}

TEST(DigitsDataTest, ReadsTheShippedImages) {
  const digits::Dataset data = digits::read(kShipped);
  ASSERT_EQ(data.size(), 1797u);
  EXPECT_EQ(data.pixels.size(), 1797u * 64);
  EXPECT_EQ(data.labels.front(), 0);
  EXPECT_EQ(data.labels.back(), 8);
  EXPECT_FLOAT_EQ(data.image(0)[2], 5 / 16.0f);
  EXPECT_FLOAT_EQ(*std::max_element(data.pixels.begin(), data.pixels.end()), 1);
  EXPECT_FLOAT_EQ(*std::min_element(data.pixels.begin(), data.pixels.end()), 0);
}

TEST(DigitsDataTest, ReadsPlainTextToo) {
  const TemporaryFile file(line("16", "3") + line("0", "9"));
  const digits::Dataset data = digits::read(file.path());
  EXPECT_EQ(data.labels, (std::vector<int32_t>{3, 9}));
  EXPECT_EQ(data.image(0)[63], 1);
  EXPECT_EQ(data.image(1)[0], 0);
}

TEST(DigitsDataTest, ReadsALastLineWithoutItsEndAndWindowsLineEnds) {
  std::string text = line("1", "3");
  text.insert(text.size() - 1, "\r");
  const TemporaryFile file(text + line("2", "4").substr(0, line("2", "4").size() - 1));
  EXPECT_EQ(digits::read(file.path()).labels, (std::vector<int32_t>{3, 4}));
}

TEST(DigitsDataTest, SaysThatAFileIsMissingAndWhereItComesFrom) {
  const std::string path = testing::TempDir() + "no_such_digits.csv.gz";
  try {
    digits::read(path);
    FAIL() << "read a file that isn't there";
  } catch (const tenon::NotFoundError& error) {
    EXPECT_EQ(error.kind(), tenon::ErrorKind::bad_argument);
    EXPECT_THAT(error.what(), HasSubstr(path + ": No such file"));
    EXPECT_THAT(error.what(), HasSubstr("samples/data/digits.csv.gz"));
  }
}

TEST(DigitsDataTest, RefusesATruncatedFile) {
  const std::string whole = content_of(kShipped);
  EXPECT_THAT(refusal(whole.substr(0, whole.size() / 2)), HasSubstr("the file ends too early"));
  EXPECT_THAT(refusal(whole.substr(0, whole.size() - 5)), HasSubstr("the file ends too early"));
}

TEST(DigitsDataTest, RefusesADamagedFile) {
  std::string whole = content_of(kShipped);
  for (size_t i = 20000; i < 20016; ++i) whole[i] = static_cast<char>(~whole[i]);
  EXPECT_THAT(refusal(whole), HasSubstr("is damaged after"));
}

TEST(DigitsDataTest, RefusesALineOfAnotherLengthAndNamesIt) {
  EXPECT_THAT(refusal(line("1", "3") + "1,2,3\n"),
              HasSubstr("line 2: expected 65 numbers, found 3"));
  EXPECT_THAT(refusal(line("1", "3") + line("1", "3,3")),
              HasSubstr("line 2: expected 65 numbers, found 66"));
  EXPECT_THAT(refusal(line("1", "3") + "\n" + line("1", "3")),
              HasSubstr("line 2: expected 65 numbers, found 1"));
}

TEST(DigitsDataTest, RefusesWhatIsNoNumberOrOutOfRange) {
  EXPECT_THAT(refusal(line("17", "3")),
              HasSubstr("line 1: column 1 is \"17\", not a number from 0 to 16"));
  EXPECT_THAT(refusal(line("-1", "3")), HasSubstr("column 1 is \"-1\""));
  EXPECT_THAT(refusal(line("4", "10")), HasSubstr("column 65 is \"10\", not a number from 0 to 9"));
  EXPECT_THAT(refusal(line("4", "x")), HasSubstr("column 65 is \"x\""));
  EXPECT_THAT(refusal(line("4.5", "1")), HasSubstr("column 1 is \"4.5\""));
  EXPECT_THAT(refusal(line("", "1")), HasSubstr("column 1 is \"\""));
  EXPECT_THAT(refusal(line("99999999999999", "1")), HasSubstr("column 1"));
}

TEST(DigitsDataTest, RefusesAnEmptyFile) {
  EXPECT_THAT(refusal(""), HasSubstr("the file is empty"));
}

TEST(DigitsSplitTest, KeepsFiveHundredImagesForTesting) {
  const digits::Dataset data = digits::read(kShipped);
  const digits::Split split = digits::stratified_split(data.labels, 500, 0);
  EXPECT_EQ(split.test.size(), 500u);
  EXPECT_EQ(split.train.size(), 1297u);
  std::vector<size_t> both = split.train;
  both.insert(both.end(), split.test.begin(), split.test.end());
  std::sort(both.begin(), both.end());
  std::vector<size_t> all(data.size());
  std::iota(all.begin(), all.end(), size_t{0});
  EXPECT_EQ(both, all);
}

TEST(DigitsSplitTest, GivesEachDigitItsShare) {
  const digits::Dataset data = digits::read(kShipped);
  const digits::Split split = digits::stratified_split(data.labels, 500, 3);
  for (int32_t digit = 0; digit < 10; ++digit) {
    const auto of = [&](const std::vector<size_t>& part) {
      return std::count_if(part.begin(), part.end(),
                           [&](size_t i) { return data.labels[i] == digit; });
    };
    const double share = 500.0 / 1797 * static_cast<double>(of(split.test) + of(split.train));
    EXPECT_NEAR(static_cast<double>(of(split.test)), share, 1) << digit;
  }
}

TEST(DigitsSplitTest, GivesTheSameForASeedAndAnotherForAnother) {
  const digits::Dataset data = digits::read(kShipped);
  const auto test = [&](uint32_t seed) {
    return digits::stratified_split(data.labels, 500, seed).test;
  };
  EXPECT_EQ(test(7), test(7));
  EXPECT_NE(test(7), test(8));
}

TEST(DigitsSplitTest, CanKeepNothingForTesting) {
  const digits::Split split = digits::stratified_split({1, 2, 3}, 0, 0);
  EXPECT_TRUE(split.test.empty());
  EXPECT_EQ(split.train.size(), 3u);
}

TEST(DigitsSplitTest, RefusesToKeepEverythingForTesting) {
  try {
    digits::stratified_split({1, 2, 3}, 3, 0);
    FAIL() << "nothing was left to train with";
  } catch (const tenon::InvalidArgumentError& error) {
    EXPECT_EQ(error.kind(), tenon::ErrorKind::bad_argument);
    EXPECT_THAT(error.what(), HasSubstr("Can't keep 3 images for testing: there are 3"));
  }
}

TEST(DigitsSplitTest, DividesImagesAndLabelsAlike) {
  const digits::Dataset data = digits::read(kShipped);
  const digits::Split split = digits::stratified_split(data.labels, 500, 1);
  const digits::Divided divided = digits::divide(data, 500, 1);
  ASSERT_EQ(divided.test.size(), 500u);
  for (const size_t i : {size_t{0}, size_t{499}}) {
    EXPECT_EQ(divided.test.labels[i], data.labels[split.test[i]]);
    EXPECT_TRUE(std::equal(divided.test.image(i), divided.test.image(i) + digits::kPixels,
                           data.image(split.test[i])));
  }
}

// SplitMix64's published first numbers for the seed 1234567.
TEST(ShufflerTest, DrawsSplitMix64) {
  digits::Shuffler random(1234567);
  EXPECT_EQ(random.below(size_t{1} << 63), 6457827717110365317u);
  EXPECT_EQ(random.below(size_t{1} << 63), 3203168211198807973u);
}

TEST(ShufflerTest, ReordersWithoutLosingAny) {
  std::vector<size_t> order(100), before(100);
  std::iota(order.begin(), order.end(), size_t{0});
  before = order;
  digits::Shuffler(5).shuffle(order);
  EXPECT_NE(order, before);
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, before);
}

}  // namespace
