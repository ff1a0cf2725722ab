#include "cpu_fallback/patches.h"

#include <algorithm>

namespace tenon::cpu {
namespace {

// Runs this short are copied one by one: calls of memcpy and memset cost more.
constexpr int64_t kShortRun = 16;

}  // namespace

int64_t PatchShape::size() const {
  int64_t taps = 0;
  for (const TapRun& run : runs) taps += run.count;
  return taps * channels;
}

void PatchShape::make_offsets() {
  constexpr int64_t kLongestPatch = 32, kMostOffsets = 1 << 16;
  const int64_t patch = size(), image = height * width * channels;
  if (patch > kLongestPatch || patch * grid_height * grid_width > kMostOffsets) return;
  if (image == 0 || image > INT32_MAX) return;
  for (int64_t point = 0; point < grid_height * grid_width; ++point) {
    for (const TapRun& run : runs) {
      const int64_t y = point / grid_width * step_h + run.dh;
      for (int64_t i = 0; i < run.count * channels; ++i) {
        const int64_t x = point % grid_width * step_w + run.dw + i / channels;
        const bool inside = y >= 0 && y < height && x >= 0 && x < width;
        const int64_t at = (y * width + x) * channels + i % channels;
        offsets.push_back(inside ? static_cast<int32_t>(at) : -1);
      }
    }
  }
}

std::vector<TapRun> make_runs(const std::vector<std::pair<int64_t, int64_t>>& taps) {
  std::vector<TapRun> runs;
  for (const auto& [dh, dw] : taps) {
    if (!runs.empty() && runs.back().dh == dh && runs.back().dw + runs.back().count == dw) {
      ++runs.back().count;
    } else {
      runs.push_back({.dh = dh, .dw = dw, .count = 1});
    }
  }
  return runs;
}

template <typename T>
void Patches<T>::copy_by_offsets(int64_t row, int64_t rows, int64_t k, int64_t depth,
                                 int64_t stride, T* to) const {
  const int64_t grid = shape_.grid_height * shape_.grid_width, patch = shape_.size();
  const int64_t image_size = shape_.height * shape_.width * shape_.channels;
  const T* image = images_ + row / grid * image_size;
  for (int64_t r = 0, point = row % grid; r < rows; ++r, ++point, to += stride) {
    if (point == grid) {
      point = 0;
      image += image_size;
    }
    const int32_t* offsets = shape_.offsets.data() + point * patch + k;
    for (int64_t i = 0; i < depth; ++i) {
      const T value = image[offsets[i] < 0 ? 0 : offsets[i]];
      to[i] = offsets[i] < 0 ? T{0} : value;
    }
  }
}

template <typename T>
void Patches<T>::copy(int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t stride,
                      T* to) const {
  if (!shape_.offsets.empty()) return copy_by_offsets(row, rows, k, depth, stride, to);
  const int64_t grid = shape_.grid_height * shape_.grid_width;
  int64_t image = row / grid, h = row % grid / shape_.grid_width, w = row % shape_.grid_width;
  for (int64_t r = 0; r < rows; ++r, to += stride) {
    copy_one(images_ + image * shape_.height * shape_.width * shape_.channels, h * shape_.step_h,
             w * shape_.step_w, k, k + depth, to);
    if (++w < shape_.grid_width) continue;
    w = 0;
    if (++h < shape_.grid_height) continue;
    h = 0;
    ++image;
  }
}

template <typename T>
void Patches<T>::copy_one(const T* image, int64_t h, int64_t w, int64_t k, int64_t end,
                          T* to) const {
  const int64_t channels = shape_.channels, row = shape_.width * channels;
  int64_t start = 0;  // of the run, in the patch
  for (const TapRun& run : shape_.runs) {
    const int64_t size = run.count * channels;
    const int64_t from = std::max(k, start) - start, until = std::min(end, start + size) - start;
    start += size;
    if (from >= until) continue;
    const int64_t y = h + run.dh, x = w + run.dw;
    const bool in_height = y >= 0 && y < shape_.height;
    const T* image_row = in_height ? image + y * row : image;
    if (until - from <= kShortRun) {
      for (int64_t i = x * channels + from; i < x * channels + until; ++i) {
        *to++ = in_height && i >= 0 && i < row ? image_row[i] : T{0};
      }
      continue;
    }
    if (!in_height) {
      to = std::fill_n(to, until - from, T{0});
      continue;
    }
    // The part that lies inside of the image, and zeros on either side.
    const int64_t inside = std::clamp(-x * channels, from, until);
    const int64_t outside = std::clamp(row - x * channels, inside, until);
    to = std::fill_n(to, inside - from, T{0});
    to = std::copy_n(image_row + x * channels + inside, outside - inside, to);
    to = std::fill_n(to, until - outside, T{0});
  }
}

template class Patches<float>;
template class Patches<double>;

}  // namespace tenon::cpu
