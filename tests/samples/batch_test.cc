#include "support/batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/tables.h"

namespace {

using testing::ElementsAre;

// Images with one pixel of ink in the middle, each of its own grey.
digits::Dataset dots(size_t count) {
  digits::Dataset data;
  for (size_t i = 0; i < count; ++i) {
    std::vector<float> image(digits::kPixels);
    image[3 * digits::kSide + 4] = static_cast<float>(i + 1);
    data.pixels.insert(data.pixels.end(), image.begin(), image.end());
    data.labels.push_back(static_cast<int32_t>(i % 10));
  }
  return data;
}

TEST(BatchTest, HoldsTheImagesAskedForInTheirOrder) {
  const digits::Dataset data = dots(4);
  digits::Batch batch(2);
  batch.fill(data, std::vector<size_t>{3, 1});
  EXPECT_EQ(batch.images.shape(), tenon::Shape({2, 8, 8, 1}));
  EXPECT_THAT(batch.labels.data<int32_t>(), ElementsAre(3, 1));
  EXPECT_EQ(batch.images.data<float>()[28], 4);
  EXPECT_EQ(batch.images.data<float>()[64 + 28], 2);
}

TEST(BatchTest, HoldsAWholeDataset) {
  const digits::Batch batch(dots(3));
  EXPECT_THAT(batch.labels.data<int32_t>(), ElementsAre(0, 1, 2));
}

TEST(BatchTest, HoldsImagesTakenAtRandom) {
  const digits::Dataset data = dots(3);
  digits::Batch batch(100);
  digits::Shuffler random(1), same(1);
  batch.fill_at_random(data, random);
  for (const int32_t label : batch.labels.data<int32_t>()) {
    EXPECT_EQ(label, static_cast<int32_t>(same.below(3)));
  }
}

TEST(BatchTest, MayBeEmpty) {
  digits::Batch batch(0);
  batch.fill(dots(1), std::vector<size_t>{});
  digits::Shuffler random(1);
  batch.jitter(random);
  EXPECT_EQ(batch.images.element_count(), 0);
}

TEST(BatchTest, JitterMovesImagesByAPixelAtMost) {
  constexpr size_t kCount = 900;
  digits::Batch batch(dots(kCount));
  digits::Shuffler random(1);
  batch.jitter(random);
  std::vector<int> seen(9);
  for (size_t i = 0; i < kCount; ++i) {
    const auto image = batch.images.data<float>().subspan(i * digits::kPixels, digits::kPixels);
    const auto ink = std::max_element(image.begin(), image.end()) - image.begin();
    EXPECT_EQ(image[static_cast<size_t>(ink)], static_cast<float>(i + 1));
    EXPECT_EQ(std::count(image.begin(), image.end(), 0.0f), 63);
    const auto down = ink / 8 - 3, right = ink % 8 - 4;
    ASSERT_TRUE(down >= -1 && down <= 1 && right >= -1 && right <= 1);
    ++seen[static_cast<size_t>((down + 1) * 3 + right + 1)];
  }
  // Half stay, and a ninth of the other half too.
  EXPECT_NEAR(seen[4], 500, 60);
  for (const size_t place : {0u, 1u, 2u, 3u, 5u, 6u, 7u, 8u}) EXPECT_NEAR(seen[place], 50, 30);
}

TEST(BatchTest, JitterLosesInkAtTheEdgeAndBringsInPaper) {
  digits::Dataset data;
  data.pixels.assign(100 * digits::kPixels, 1.0f);
  data.labels.assign(100, 0);
  digits::Batch batch(data);
  digits::Shuffler random(3);
  batch.jitter(random);
  const auto pixels = batch.images.data<float>();
  EXPECT_GT(std::count(pixels.begin(), pixels.end(), 0.0f), 0);
  EXPECT_EQ(std::count(pixels.begin(), pixels.end(), 0.0f) +
                std::count(pixels.begin(), pixels.end(), 1.0f),
            6400);
}

TEST(BatchTest, ReadableDrawingsAreNearestToTheDigitsAskedFor) {
  const digits::Dataset data = dots(4);
  const digits::Batch batch(data);
  const tenon::Graph graph;
  const tenon::ScopeGuard as_default = graph.as_default();
  // The third is a 2, not a 3.
  const auto share =
      digits::readable(tenon::reshape(tenon::constant(batch.images), {-1, digits::kPixels}),
                       tenon::constant({0, 1, 3, 3}), data);
  EXPECT_EQ(tenon::Session().run(share), tenon::Tensor(0.75f));
}

TEST(TablesTest, ShortenDeviceNames) {
  EXPECT_EQ(samples::short_device("/job:localhost/replica:0/task:0/device:GPU:1"), "/device:GPU:1");
  EXPECT_EQ(samples::short_device("CPU"), "CPU");
}

}  // namespace
