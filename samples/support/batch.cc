#include "support/batch.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <vector>

namespace digits {

Batch::Batch(size_t size)
    : images(tenon::float32, {static_cast<int64_t>(size), kSide, kSide, 1}),
      labels(tenon::int32, {static_cast<int64_t>(size)}) {}

Batch::Batch(const Dataset& all) : Batch(all.size()) {
  std::vector<size_t> in_order(all.size());
  std::iota(in_order.begin(), in_order.end(), size_t{0});
  fill(all, in_order);
}

void Batch::fill(const Dataset& data, std::span<const size_t> indices) {
  float* pixels = images.mutable_data<float>().data();
  const std::span<int32_t> to = labels.mutable_data<int32_t>();
  for (size_t i = 0; i < to.size(); ++i) {
    std::copy_n(data.image(indices[i]), kPixels, pixels + i * kPixels);
    to[i] = data.labels[indices[i]];
  }
}

void Batch::fill_at_random(const Dataset& data, Shuffler& random) {
  std::vector<size_t> chosen(static_cast<size_t>(labels.element_count()));
  for (size_t& index : chosen) index = random.below(data.size());
  fill(data, chosen);
}

void Batch::jitter(Shuffler& random) {
  const std::span<float> pixels = images.mutable_data<float>();
  for (size_t start = 0; start < pixels.size(); start += kPixels) {
    if (random.below(2) == 0) continue;
    // Row and column of the old image that move to the new image's first, counted from -1.
    const size_t down = random.below(3), right = random.below(3);
    std::array<float, kPixels> old;
    std::copy_n(&pixels[start], kPixels, old.begin());
    for (size_t row = 0; row < kSide; ++row) {
      for (size_t column = 0; column < kSide; ++column) {
        const size_t from_row = row + down - 1, from_column = column + right - 1;  // may wrap: big
        const bool inside = from_row < kSide && from_column < kSide;
        pixels[start + row * kSide + column] = inside ? old[from_row * kSide + from_column] : 0;
      }
    }
  }
}

tenon::Output readable(tenon::Output drawn, tenon::Output digits, const Dataset& all) {
  namespace tn = tenon;
  const auto count = static_cast<int64_t>(all.size());
  const auto real = tn::constant(tn::Tensor::from(all.pixels, {count, kPixels}));
  const auto labels = tn::constant(tn::Tensor::from(all.labels, {count}));
  const auto squares = tn::reduce_sum(tn::square(real), {.axis = 1});
  // Less the drawing's own squares, which are the same for all.
  const auto distance = squares - 2.0f * tn::matmul(drawn, real, {.transpose_b = true});
  const auto nearest = tn::gather(labels, tn::argmin(distance, {.axis = 1}));
  return tn::reduce_mean(tn::cast(tn::equal(nearest, digits), tn::float32));
}

}  // namespace digits
