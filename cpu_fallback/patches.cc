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

void PatchShape::find_runs() {
  constexpr int64_t kShortestRun = 64, kManyTiles = 4;
  const auto as_the_first = [&](const TapRun& run) { return run.count == runs[0].count; };
  if (runs.empty() || !std::all_of(runs.begin(), runs.end(), as_the_first)) return;
  if (runs[0].count * channels < kShortestRun) return;
  // What is left of a row of the grid beyond whole tiles is to be a tile.
  const int rest = static_cast<int>(grid_width % kMostTileRows);
  const bool tiles = grid_width >= 4 && tile_height(rest) == rest;
  if (!tiles && grid_width < kManyTiles * kMostTileRows) return;
  run_size = runs[0].count * channels;
  period = batch * grid_height > 1 ? grid_width : 0;
}

void PatchShape::settle() {
  const bool pixels = runs.size() == 1 && runs[0].dh == 0 && runs[0].dw == 0 && runs[0].count == 1;
  if (pixels && step_h == 1 && step_w == 1 && grid_height == height && grid_width == width) {
    width = grid_width = count();
    batch = height = grid_height = 1;
  }
  make_offsets();
  find_runs();
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

// Elements [begin, end) of row y of the image, zeros where there are none. Returns the copy's end.
template <typename T>
T* Patches<T>::copy_inside(const T* image, int64_t y, int64_t begin, int64_t end, T* to) const {
  if (y < 0 || y >= shape_.height) return std::fill_n(to, end - begin, T{0});
  const int64_t row = shape_.width * shape_.channels;
  const T* from = image + y * row;
  if (end - begin <= kShortRun) {
    for (int64_t i = begin; i < end; ++i) *to++ = i >= 0 && i < row ? from[i] : T{0};
    return to;
  }
  const int64_t inside = std::clamp(int64_t{0}, begin, end);
  const int64_t outside = std::clamp(row, inside, end);
  to = std::fill_n(to, inside - begin, T{0});
  to = std::copy_n(from + inside, outside - inside, to);
  return std::fill_n(to, end - outside, T{0});
}

template <typename T>
void Patches<T>::copy_one(const T* image, int64_t h, int64_t w, int64_t k, int64_t end,
                          T* to) const {
  int64_t start = 0;  // of the run, in the patch
  for (const TapRun& run : shape_.runs) {
    const int64_t size = run.count * shape_.channels;
    const int64_t from = std::max(k, start) - start, until = std::min(end, start + size) - start;
    start += size;
    if (from >= until) continue;
    const int64_t x = (w + run.dw) * shape_.channels;
    to = copy_inside(image, h + run.dh, x + from, x + until, to);
  }
}

template <typename T>
const T* Patches<T>::side_by_side(int64_t row, int64_t k, int64_t length, int64_t room,
                                  T* panel) const {
  const TapRun& run = shape_.runs[static_cast<size_t>(k / shape_.run_size)];
  const int64_t image_row = shape_.width * shape_.channels;
  const int64_t grid = shape_.grid_height * shape_.grid_width;
  const T* image = images_ + row / grid * shape_.height * image_row;
  const int64_t y = row % grid / shape_.grid_width * shape_.step_h + run.dh;
  const int64_t w = row % shape_.grid_width * shape_.step_w + run.dw;
  const int64_t begin = w * shape_.channels + k % shape_.run_size;
  if (y >= 0 && y < shape_.height && begin >= 0 && begin + length <= image_row) {
    return image + y * image_row + begin;
  }
  if (length > room) return nullptr;
  copy_inside(image, y, begin, begin + length, panel);
  return panel;
}

template <typename T>
RowView<T> Patches<T>::view(int64_t row, int rows, int64_t k, int64_t depth, T* panel) const {
  const bool in_a_row = row % shape_.grid_width + rows <= shape_.grid_width;
  if (shape_.run_size != 0 && in_a_row && tile_height(rows) == rows) {
    const int64_t step = shape_.step_w * shape_.channels;
    const T* at = side_by_side(row, k, (rows - 1) * step + depth, kPanelSize<T>, panel);
    if (at != nullptr) return {at, step};
  }
  copy(row, rows, k, depth, kPanelStride<T>, panel);
  repeat_last_row(PanelLayout::kRows, kPanelStride<T>, rows, depth, panel);
  return {panel, kPanelStride<T>};
}

template class Patches<float>;
template class Patches<double>;

}  // namespace tenon::cpu
