// The sample faces: what it finds is what the PyPI package mtcnn 0.1.1 finds with TensorFlow 2.21
// in the same photograph: {'box': [179, 60, 89, 113], 'confidence': 0.9999951, 'left_eye': (203,
// 101), 'right_eye': (246, 103)}.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "support/face_boxes.h"
#include "support/picture.h"
#include "tests/testing/command.h"
#include "tests/testing/temporary_folder.h"

namespace samples {
namespace {

using tenon::test::CommandResult;
using tenon::test::run_command;
using testing::ElementsAre;
using testing::HasSubstr;

CommandResult faces(const tenon::test::TemporaryFolder& folder, const std::string& more = "") {
  return run_command(TENON_BINARY_DIR "/samples/faces --picture " + folder / "faces.png" +
                     " --report " + folder / "faces.html" + " " + more + " 2>&1");
}

TEST(FacesTest, FindsTheFaceThatTensorFlowFinds) {
  const tenon::test::TemporaryFolder folder;
  const CommandResult result = faces(folder);
  ASSERT_EQ(result.status, 0) << result.output;
  const std::regex line(
      "A face of (\\d+) x (\\d+) pixels at \\((\\d+), (\\d+)\\), (\\S+) % sure; eyes at "
      "\\((\\d+), (\\d+)\\) and \\((\\d+), (\\d+)\\)");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(result.output, found, line)) << result.output;
  const std::vector<double> wanted = {89, 113, 179, 60, 100, 203, 101, 246, 103};
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(std::stod(found[i + 1]), wanted[i], 1) << result.output;
  }
  EXPECT_THAT(result.output, HasSubstr("Faces: 1\n"));

  const Picture before = read_png(TENON_SOURCE_DIR "/samples/data/astronaut.png");
  const Picture after = read_png(folder / "faces.png");
  ASSERT_EQ(after.width, before.width);
  EXPECT_THAT(std::vector<int>(after.pixel(200, 61), after.pixel(200, 61) + 3),
              ElementsAre(255, 221, 51));
  EXPECT_THAT(std::vector<int>(after.pixel(203, 101), after.pixel(203, 101) + 3),
              ElementsAre(57, 255, 20));
  EXPECT_TRUE(std::equal(before.pixel(0, 0), before.pixel(0, 50), after.pixel(0, 0)));

  std::ifstream file(folder / "faces.html");
  const std::string page((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(page, HasSubstr("src=\"data:image/png;base64,iVBORw0KGgo"));
}

TEST(FacesTest, FindsNoneWhereThereIsNone) {
  const tenon::test::TemporaryFolder folder;
  write_png({64, 48, std::vector<uint8_t>(size_t{64} * 48 * 3, 200)}, folder / "grey.png");
  const CommandResult result = faces(folder, "--photograph " + folder / "grey.png");
  ASSERT_EQ(result.status, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("Faces: 0\n"));
}

TEST(FacesTest, SaysWhatItCantRead) {
  const tenon::test::TemporaryFolder folder;
  const CommandResult none = faces(folder, "--photograph " + folder / "none.png");
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.output, HasSubstr("faces: Can't read the picture"));
  const CommandResult text =
      faces(folder, "--photograph " TENON_SOURCE_DIR "/samples/data/README.md");
  EXPECT_EQ(text.status, 1);
  EXPECT_THAT(text.output, HasSubstr("README.md"));
  EXPECT_EQ(faces(folder, "--checkpoint " + folder / "none").status, 1);
}

// A picture of 4 x 2: red goes from 0 to 70 over the columns of the first row, then on.
Picture ramp() {
  Picture picture = {4, 2, std::vector<uint8_t>(24)};
  for (int i = 0; i < 8; ++i) picture.rgb[size_t(3) * i] = uint8_t(10 * i);
  return picture;
}

std::vector<double> reds(const std::vector<float>& values) {
  std::vector<double> all;
  for (size_t i = 0; i < values.size(); i += 3) all.push_back(values[i] * 128. + 127.5);
  return all;
}

TEST(PictureTest, IsTheMeanOfWhatAPixelCoversWhereItShrinks) {
  std::vector<float> values(2 * 1 * 3);
  resample(ramp(), 0, 0, 4, 2, 2, 1, values.data());
  EXPECT_THAT(reds(values), ElementsAre((0 + 10 + 40 + 50) / 4., (20 + 30 + 60 + 70) / 4.));
  values.resize(3 * 1 * 3);
  resample(ramp(), 0, 0, 4, 1, 3, 1, values.data());  // 4/3 of a pixel each
  EXPECT_THAT(reds(values), ElementsAre(testing::DoubleNear(10 / 4., 1e-4),
                                        testing::DoubleNear((10 * 2 + 20 * 2) / 4., 1e-4),
                                        testing::DoubleNear((20 + 30 * 3) / 4., 1e-4)));
}

TEST(PictureTest, IsBlackBeyondItsEdge) {
  std::vector<float> values(2 * 1 * 3);
  resample(ramp(), 3, 1, 2, 1, 2, 1, values.data());
  EXPECT_THAT(reds(values), ElementsAre(70, 0));
}

TEST(PictureTest, GoesBetweenPixelsWhereItGrows) {
  std::vector<float> values(8 * 1 * 3);
  resample(ramp(), 0, 0, 4, 1, 8, 1, values.data());
  const std::vector<double> all = reds(values);
  EXPECT_EQ(all.front(), 0);
  EXPECT_EQ(all.back(), 30);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
}

TEST(FaceBoxTest, KeepsTheLikeliestOfThoseThatOverlap) {
  const std::vector<FaceBox> boxes = {
      {1, 1, 10, 10, 0.7}, {2, 2, 11, 11, 0.9}, {3, 3, 6, 6, 0.8}, {50, 50, 60, 60, 0.6}};
  const auto kept = without_overlaps(boxes, 0.5);
  ASSERT_EQ(kept.size(), 3u);  // the small one covers 16 of the 100 of the likeliest
  EXPECT_EQ(kept[0].likely, 0.9);
  EXPECT_EQ(kept[1].likely, 0.8);
  EXPECT_EQ(kept[2].likely, 0.6);
  EXPECT_EQ(without_overlaps(boxes, 0.5, true).size(), 2u);
  EXPECT_TRUE(without_overlaps({}, 0.5).empty());
}

TEST(FaceBoxTest, MovesGrowsAndRounds) {
  const FaceBox box = {10, 20, 29, 59, 1, {0.1, -0.1, 0.5, 0}};
  const FaceBox moved = box.shifted(1);
  EXPECT_EQ(moved.left, 12);
  EXPECT_EQ(moved.top, 16);
  EXPECT_EQ(moved.right, 39);
  EXPECT_EQ(moved.bottom, 59);
  const FaceBox square = box.squared();
  EXPECT_EQ(square.right - square.left, 39);
  EXPECT_EQ(square.left, 0);
  EXPECT_EQ(FaceBox({-1.5, 1.5, 2.9, 3, 1}).truncated().left, -1);
}

}  // namespace
}  // namespace samples
