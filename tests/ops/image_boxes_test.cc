// Boxes in images. Values are TensorFlow 2.21's.
#include <gmock/gmock.h>

#include "tenon/gradients.h"
#include "tenon/image_ops.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ImageBoxesTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};

  // Two images of 3 x 4: the squares of 0, 1, ... by 10.
  static Tensor images() {
    std::vector<float> squares;
    for (int i = 0; i < 24; ++i) squares.push_back(static_cast<float>(i * i) / 10);
    return Tensor::from<float>(squares, {2, 3, 4, 1});
  }
  const Output images_ = constant(images());
  const Output boxes_ = constant(
      Tensor({{0.0f, 0.0f, 1.0f, 1.0f}, {0.25f, 1.0f, 0.75f, 0.0f}, {-0.5f, 0.2f, 1.5f, 0.8f}}));
  const Output numbers_ = constant({0, 1, 1});
  const Output places_ = constant(Tensor({{0.0f, 0.0f, 1.0f, 1.0f},
                                          {0.0f, 0.1f, 1.0f, 1.1f},
                                          {0.0f, -0.1f, 1.0f, 0.9f},
                                          {0.0f, 10.0f, 1.0f, 11.0f},
                                          {1.0f, 10.1f, 0.0f, 11.1f},
                                          {0.0f, 100.0f, 1.0f, 101.0f}}));
  const Output scores_ = constant({0.9f, 0.75f, 0.6f, 0.95f, 0.5f, 0.3f});

  std::vector<int32_t> kept(const Input& most, const image::SuppressionOptions& options = {}) {
    return run(image::non_max_suppression(places_, scores_, most, options)).to_vector<int32_t>();
  }
};

TEST_F(ImageBoxesTest, CropsBetweenPixels) {
  const Output crops =
      image::crop_and_resize(images_, boxes_, numbers_, {2, 3}, {.extrapolation_value = -1});
  EXPECT_EQ(crops.shape(), Shape({3, 2, 3, 1}));
  expect_near(run(crops),
              {0, 0.25f, 0.9f, 6.4f, 9.05f, 12.1f, 29.3f, 24.45f, 20, 44.5f, 38.45f, 32.8f, -1, -1,
               -1, -1, -1, -1},
              2e-5);
}

TEST_F(ImageBoxesTest, TakesAsManyImagesAsBoxesAndCropsThatHavePixels) {
  const Output one = constant({0}), unknown = placeholder(float32, {-1, 4});
  EXPECT_ERROR(image::crop_and_resize(images_, boxes_, one, {2, 3}), ValueError, shape_incompatible,
               "boxes and box_ind");
  const Output late = image::crop_and_resize(images_, unknown, one, {2, 3});
  EXPECT_EQ(run(late, {{unknown, Tensor(float32, {1, 4})}}).shape(), Shape({1, 2, 3, 1}));
  EXPECT_ERROR(run(late, {{unknown, Tensor(float32, {2, 4})}}), InvalidArgumentError,
               shape_incompatible, "CropAndResize");
  EXPECT_ERROR(image::crop_and_resize(images_, boxes_, numbers_, {0, 3}), ValueError, bad_argument,
               "crop dimensions must be positive, not 0");
  const Output none = image::crop_and_resize(images_, zeros({0, 4}), zeros({0}, int32), {2, 3});
  EXPECT_EQ(run(none).shape(), Shape({0, 2, 3, 1}));
}

TEST_F(ImageBoxesTest, CropsTheNearestPixels) {
  expect_near(
      run(image::crop_and_resize(images_, boxes_, numbers_, {2, 3}, {.method = "nearest"})),
      {0, 0.4f, 0.9f, 6.4f, 10, 12.1f, 36.1f, 32.4f, 25.6f, 52.9f, 48.4f, 40, 0, 0, 0, 0, 0, 0},
      2e-5);
}

TEST_F(ImageBoxesTest, TakesTheMiddleForASingleRow) {
  expect_near(run(image::crop_and_resize(images_, boxes_, numbers_, {1, 2})),
              {1.6f, 4.9f, 36.1f, 25.6f, 27.58f, 33.88f}, 2e-5);
}

TEST_F(ImageBoxesTest, CropsHaveGradients) {
  const Output crops = image::crop_and_resize(images_, boxes_, numbers_, {2, 3});
  const Output weights = cast(reshape(range(18), {3, 2, 3, 1}), float32);
  const auto found = gradients({reduce_sum(crops * weights)}, {images_, boxes_});
  expect_near(run(found[0]), {0, 0.5f,  0.5f,  2, 0,    0,     0,     0,    3,    2,    2,    5,
                              4, 1.75f, 1.75f, 3, 9.5f, 4.25f, 4.25f, 7.5f, 5.5f, 2.5f, 2.5f, 4.5f},
              1e-4);
  expect_near(run(found[1]), {0, 11.85f, 0, 11.85f, 516, 91.05f, 931.2f, 91.05f, 0, 0, 0, 0}, 1e-2);
}

TEST_F(ImageBoxesTest, CropsOfSizesThatOnlyTheRunKnows) {
  const Output image = placeholder(float32), size = placeholder(int32, {2});
  const Output some = placeholder(float32, {-1, 4}), of = placeholder(int32, {-1});
  const auto crops = image::crop_and_resize(image, some, of, size);
  const Tensor answer = run(crops, {{image, images()},
                                    {some, Tensor({{0.0f, 0.0f, 1.0f, 1.0f}})},
                                    {of, Tensor({1})},
                                    {size, Tensor({3, 4})}});
  EXPECT_EQ(answer.shape(), Shape({1, 3, 4, 1}));
  EXPECT_FLOAT_EQ(answer.to_vector<float>()[11], 52.9f);
  EXPECT_EQ(run(crops, {{image, images()},
                        {some, Tensor(float32, {0, 4})},
                        {of, Tensor(int32, {0})},
                        {size, Tensor({3, 4})}})
                .shape(),
            Shape({0, 3, 4, 1}));
}

TEST_F(ImageBoxesTest, RefusesCropsOfOtherShapes) {
  EXPECT_ERROR(image::crop_and_resize(zeros({2, 3, 4}), boxes_, numbers_, {2, 2}), ValueError,
               shape_incompatible, "image");
  EXPECT_ERROR(image::crop_and_resize(images_, zeros({4}), numbers_, {2, 2}), ValueError,
               shape_incompatible, "boxes");
  EXPECT_ERROR(image::crop_and_resize(images_, boxes_, numbers_, {2, 2}, {.method = "bicubic"}),
               ValueError, bad_argument, "method must be bilinear or nearest, not 'bicubic'");
}

TEST_F(ImageBoxesTest, KeepsTheBestOfBoxesThatOverlap) {
  EXPECT_THAT(kept(3), ElementsAre(3, 0, 5));
  EXPECT_THAT(kept(30), ElementsAre(3, 0, 5));
  EXPECT_THAT(kept(2), ElementsAre(3, 0));
  EXPECT_THAT(kept(0), IsEmpty());
  EXPECT_THAT(kept(30, {.iou_threshold = 0.9f}), ElementsAre(3, 0, 1, 2, 4, 5));
  EXPECT_THAT(kept(30, {.score_threshold = 0.4f}), ElementsAre(3, 0));
}

TEST_F(ImageBoxesTest, KeepsNoneOfNoBoxes) {
  const Output boxes = placeholder(float32, {-1, 4}), scores = placeholder(float32, {-1});
  EXPECT_THAT(run(image::non_max_suppression(boxes, scores, 5),
                  {{boxes, Tensor(float32, {0, 4})}, {scores, Tensor(float32, {0})}})
                  .to_vector<int32_t>(),
              IsEmpty());
}

TEST_F(ImageBoxesTest, RefusesBoxesOfOtherShapes) {
  EXPECT_ERROR(image::non_max_suppression(zeros({6, 3}), scores_, 1), ValueError,
               shape_incompatible, "boxes must have 4 columns");
  EXPECT_ERROR(image::non_max_suppression(zeros({5, 4}), scores_, 1), ValueError,
               shape_incompatible, "");
  EXPECT_ERROR(kept(-1), ValueError, bad_argument, "max_output_size must be non-negative, not -1");
}

}  // namespace
}  // namespace tenon::testing
