#include "cpu_fallback/patches.h"

#include <algorithm>
#include <cstring>

namespace tenon::cpu {
namespace {

// memcpy, but without its call for the few elements that images of one channel give.
template <typename T>
inline T* copy_elements(const T* from, int64_t count, T* to) {
  if (count > 16) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = from[i];
  }
  return to + count;
}

}  // namespace

int64_t PatchShape::size() const {
  int64_t taps = 0;
  for (const TapRun& run : runs) taps += run.count;
  return taps * channels;
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
void Patches<T>::copy(int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t stride,
                      T* to) const {
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
  const int64_t channels = shape_.channels, width = shape_.width;
  int64_t start = 0;  // of the run, in the patch
  for (const TapRun& run : shape_.runs) {
    const int64_t size = run.count * channels;
    const int64_t from = std::max(k, start) - start, until = std::min(end, start + size) - start;
    start += size;
    if (from >= until) continue;
    const int64_t y = h + run.dh, x = w + run.dw;
    if (y < 0 || y >= shape_.height) {
      to = std::fill_n(to, until - from, T{0});
      continue;
    }
    const T* source = image + (y * width + x) * channels;
    if (x >= 0 && x + run.count <= width) {
      to = copy_elements(source + from, until - from, to);
      continue;
    }
    // The part that lies inside of the image.
    const int64_t inside = std::clamp(-x * channels, from, until);
    const int64_t outside = std::clamp((width - x) * channels, inside, until);
    to = std::fill_n(to, inside - from, T{0});
    to = copy_elements(source + inside, outside - inside, to);
    to = std::fill_n(to, until - outside, T{0});
  }
}

template class Patches<float>;
template class Patches<double>;

}  // namespace tenon::cpu
