// The patches of images that a convolution multiplies with its filter, as rows of a matrix that is
// never stored as a whole.
#pragma once

#include <cstdint>
#include <vector>

#include "cpu_fallback/gemm.h"

namespace tenon::cpu {

// Taps that lie side by side in a row of the image: `count` pixels, seen from the patch's base.
struct TapRun {
  int64_t dh, dw, count;
};

// One patch for each point of a grid laid over each image. A patch is what its runs of taps read,
// one after the other, `channels` numbers a tap; zeros where a tap lies outside of the image.
struct PatchShape {
  int64_t batch = 0, height = 0, width = 0, channels = 0;  // of the images
  int64_t grid_height = 0, grid_width = 0;
  int64_t step_h = 1, step_w = 1;  // pixels between neighbouring points of the grid
  std::vector<TapRun> runs = {};
  // Of short patches: for each element of each patch of one image, where it lies in the image, or
  // -1 outside. Runs of a tap or three are slower to follow.
  std::vector<int32_t> offsets = {};

  // Of runs that are long and alike, which are multiplied as they lie in the image: neighbouring
  // patches of a row of the grid begin step_w pixels apart.
  int64_t run_size = 0;  // in elements
  int64_t period = 0;    // a tile lies in one row of the grid, of so many patches; 0: any does

  // Chooses the quickest way to read the patches; call it when the rest is set. Where each pixel is
  // a patch, the images become one row of pixels.
  void settle();
  int64_t count() const { return batch * grid_height * grid_width; }
  int64_t size() const;  // of a patch
  GemmShape product(int64_t columns) const {
    return {.m = count(), .n = columns, .k = size(), .k_run = run_size, .period = period};
  }

 private:
  void make_offsets();
  void find_runs();
};

// Taps (dh, dw) in the order of the patch, as runs.
std::vector<TapRun> make_runs(const std::vector<std::pair<int64_t, int64_t>>& taps);

template <typename T>
class Patches : public RowSource<T> {
 public:
  Patches(const PatchShape& shape, const T* images) : shape_(shape), images_(images) {}

  RowView<T> view(int64_t row, int rows, int64_t k, int64_t depth, T* panel) const override;
  // Elements [k, k + depth) of patches [row, row + rows), `stride` apart.
  void copy(int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t stride, T* to) const;

  // Of long runs: where element k of patch `row` lies in its image, with the `length` elements
  // after it; copied to `panel` where some of them lie outside. Null where there is no room for
  // these.
  const T* side_by_side(int64_t row, int64_t k, int64_t length, int64_t room, T* panel) const;

 private:
  void copy_by_offsets(int64_t row, int64_t rows, int64_t k, int64_t depth, int64_t stride,
                       T* to) const;
  void copy_one(const T* image, int64_t h, int64_t w, int64_t k, int64_t end, T* to) const;
  T* copy_inside(const T* image, int64_t y, int64_t begin, int64_t end, T* to) const;

  const PatchShape& shape_;
  const T* images_;
};

}  // namespace tenon::cpu
