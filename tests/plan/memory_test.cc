#include <gtest/gtest.h>

#include "core/plan/plan.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

LiveTensor live(size_t bytes, int first, int last) {
  return {.bytes = bytes, .first = first, .last = last};
}

TEST(ArenaLayoutTest, SharesMemoryOfTensorsThatAreNeverLiveTogether) {
  std::vector<LiveTensor> tensors = {live(640, 0, 1), live(640, 2, 3), live(640, 1, 2)};
  const ArenaLayout layout = lay_out(tensors);
  EXPECT_EQ(layout.bytes, 1280u);
  EXPECT_EQ(layout.live_bytes, 1280u);
  EXPECT_EQ(tensors[0].offset, tensors[1].offset);
  EXPECT_NE(tensors[0].offset, tensors[2].offset);
}

TEST(ArenaLayoutTest, AlignsEveryTensor) {
  std::vector<LiveTensor> tensors = {live(1, 0, 5), live(65, 0, 5), live(3, 0, 5)};
  lay_out(tensors);
  for (const LiveTensor& tensor : tensors) EXPECT_EQ(tensor.offset % kAlignment, 0u);
}

TEST(ArenaLayoutTest, TakesTensorsWithoutElements) {
  std::vector<LiveTensor> none, empty = {live(0, 0, 0)};
  EXPECT_EQ(lay_out(none).bytes, 0u);
  EXPECT_EQ(lay_out(empty).bytes, 0u);
}

// A forward and a backward pass: each activation lives until its gradient is made.
TEST(ArenaLayoutTest, StaysNearTheLargestSumOfLiveTensors) {
  std::vector<LiveTensor> tensors;
  const int layers = 50;
  for (int i = 0; i < layers; ++i) {
    const auto bytes = static_cast<size_t>(64 * (1 + i * 37 % 23));
    tensors.push_back(live(bytes, i, 2 * layers - i));
    tensors.push_back(live(bytes, 2 * layers - i, 2 * layers - i + 1));
  }
  const ArenaLayout layout = lay_out(tensors);
  EXPECT_LE(static_cast<double>(layout.bytes), 1.2 * static_cast<double>(layout.live_bytes));
}

TEST(ArenaLayoutTest, NeverLaysLiveTensorsOverEachOther) {
  std::vector<LiveTensor> tensors;
  for (int i = 0; i < 200; ++i) {
    const int first = i * 7919 % 100;
    tensors.push_back(live(static_cast<size_t>(1 + i * 104729 % 5000), first, first + i % 9));
  }
  lay_out(tensors);
  for (size_t i = 0; i < tensors.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      const LiveTensor &a = tensors[i], &b = tensors[j];
      const bool together = a.first <= b.last && b.first <= a.last;
      const bool overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
      EXPECT_FALSE(together && overlap) << i << " and " << j;
    }
  }
}

}  // namespace
}  // namespace tenon::internal
