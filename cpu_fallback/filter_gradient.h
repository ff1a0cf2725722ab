// The gradient of a convolution by its filter, as matrix products over the patches of the images.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu_fallback/gemm.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/patches.h"

namespace tenon::cpu {

// The patches, transposed, times the output's gradient: a small matrix, summed over all pixels. The
// pixels are cut into segments by the shape, each summed on its own, and these sums added in order.
template <typename T>
class FilterGradient {
 public:
  FilterGradient(const PatchShape& patches, int64_t columns)
      : patches_(patches), rows_(patches.size()), columns_(columns), pixels_(patches.count()) {
    // Each pixel is read again for each block, so blocks are as large as the second cache allows.
    constexpr int64_t kMostSums = (512 << 10) / sizeof(T);
    const int64_t width = std::clamp<int64_t>(columns_, 1, kColumnBlock);
    row_block_ = std::max<int64_t>(1, kMostSums / (kRowBlock * width)) * kRowBlock;
    row_blocks_ = quotient_up(rows_, row_block_);
    column_blocks_ = quotient_up(columns_, kColumnBlock);
    const int64_t blocks = std::max<int64_t>(1, row_blocks_ * column_blocks_);
    segments_ = std::clamp<int64_t>(pixels_ / 1024, 1, (16 + blocks - 1) / blocks);
    const int64_t chunks = (pixels_ + kPixels - 1) / kPixels;
    segment_ = (chunks + segments_ - 1) / segments_ * kPixels;
    segments_ = segment_ == 0 ? 1 : (pixels_ + segment_ - 1) / segment_;
    // Few pixels at a time would have sums written too often.
    const int64_t longest = (kPixels - 1) * patches.step_w * patches.channels + kRowBlock;
    by_runs_ = patches.run_size != 0 &&
               (patches.period == 0 || (patches.grid_width >= 32 && longest <= kRoom));
  }

  size_t workspace_bytes() const {
    return segments_ > 1 ? static_cast<size_t>(segments_ * rows_ * columns_) * sizeof(T) : 0;
  }

  void run(const Launch& args, const T* images, const T* gradient, T* out) const {
    if (pixels_ == 0) {
      std::fill_n(out, rows_ * columns_, T{0});
      return;
    }
    T* sums = segments_ > 1 ? static_cast<T*>(args.workspace) : out;
    const Patches<T> patches(patches_, images);
    pool(args).for_each(segments_ * row_blocks_ * column_blocks_, [&](int64_t piece) {
      const int64_t column = piece % column_blocks_, row = piece / column_blocks_ % row_blocks_;
      const int64_t segment = piece / (column_blocks_ * row_blocks_);
      run_block(patches, gradient, sums + segment * rows_ * columns_, segment, row, column);
    });
    if (segments_ == 1) return;
    for_rows(args, rows_ * columns_, segments_, [&](int64_t begin, int64_t end) {
      std::copy(sums + begin, sums + end, out + begin);
      for (int64_t segment = 1; segment < segments_; ++segment) {
        const T* from = sums + segment * rows_ * columns_;
        for (int64_t i = begin; i < end; ++i) out[i] += from[i];
      }
    });
  }

 private:
  static constexpr int64_t kPixels = 128;                           // at once
  static constexpr int64_t kRowBlock = sizeof(T) == 4 ? 252 : 120;  // whole tiles of 12 or 6
  static constexpr int64_t kRowStride = kRowBlock + 20;             // not all in one set of a cache
  static constexpr int64_t kRoom = kPixels * kRowStride;

  void run_block(const Patches<T>& patches, const T* gradient, T* sums, int64_t segment,
                 int64_t row_block, int64_t column_block) const {
    alignas(64) T rows[kRoom];
    alignas(64) T columns[kPixels * kColumnBlock];
    const GemmKernels<T>& kernels = gemm_kernels<T>();
    const int64_t first_column = column_block * kColumnBlock;
    TileRows<T> tile = {.layout = PanelLayout::kDepth,
                        .a = nullptr,
                        .a_stride = 0,
                        .rows = 0,
                        .b = columns,
                        .b_stride = kernels.tile_columns,
                        .panel_step = 0,
                        .depth = 0,
                        .columns = std::min(kColumnBlock, columns_ - first_column),
                        .c = nullptr,
                        .c_stride = columns_,
                        .accumulate = false};
    const int64_t first_row = row_block * row_block_;
    const int64_t end_row = std::min(first_row + row_block_, rows_);
    const int64_t begin = segment * segment_, end = std::min(pixels_, begin + segment_);
    for (int64_t pixel = begin; pixel < end; pixel += tile.depth) {
      tile.depth = std::min(kPixels, end - pixel);
      if (by_runs_) {
        tile.depth = std::min(tile.depth, patches_.grid_width - pixel % patches_.grid_width);
      }
      tile.panel_step = tile.depth * kernels.tile_columns;
      tile.accumulate = pixel > begin;
      kernels.pack_b(gradient + pixel * columns_ + first_column, columns_, false, tile.depth,
                     tile.columns, columns);
      for (int64_t row = first_row; row < end_row; row += kRowBlock) {
        const int64_t until = std::min(row + kRowBlock, end_row);
        if (by_runs_) {
          multiply_runs(patches, pixel, row, until, sums + first_column, rows, tile);
        } else {
          multiply_copies(patches, pixel, row, until, sums + first_column, rows, tile);
        }
      }
    }
  }

  // Adds the products of some pixels to rows [first_row, end_row) of the sums.
  void multiply_copies(const Patches<T>& patches, int64_t pixel, int64_t first_row, int64_t end_row,
                       T* sums, T* copies, TileRows<T> tile) const {
    const GemmKernels<T>& kernels = gemm_kernels<T>();
    tile.a_stride = kRowStride;
    patches.copy(pixel, tile.depth, first_row, end_row - first_row, kRowStride, copies);
    for (int64_t row = first_row; row < end_row; row += tile.rows) {
      T* a = copies + row - first_row;
      tile.rows = static_cast<int>(std::min<int64_t>(kernels.tile_rows, end_row - row));
      repeat_last_row(tile.layout, kRowStride, tile.rows, tile.depth, a);
      tile.a = a;
      tile.c = sums + row * columns_;
      kernels.multiply(tile);
    }
  }

  // The same for pixels of one row, whose patches lie side by side in the image.
  void multiply_runs(const Patches<T>& patches, int64_t pixel, int64_t first_row, int64_t end_row,
                     T* sums, T* copy, TileRows<T> tile) const {
    const GemmKernels<T>& kernels = gemm_kernels<T>();
    tile.a_stride = patches_.step_w * patches_.channels;
    int64_t row = first_row;
    while (row < end_row) {
      const int64_t size = std::min(end_row - row, patches_.run_size - row % patches_.run_size);
      tile.a =
          patches.side_by_side(pixel, row, (tile.depth - 1) * tile.a_stride + size, kRoom, copy);
      for (const int64_t end = row + size; row < end; row += tile.rows, tile.a += tile.rows) {
        tile.rows = std::min(kernels.tile_rows, highest_tile(end - row));
        tile.c = sums + row * columns_;
        kernels.multiply(tile);
      }
    }
  }

  PatchShape patches_;
  int64_t rows_, columns_, pixels_;
  int64_t row_block_, row_blocks_, column_blocks_;
  int64_t segments_, segment_;  // how many, and of how many pixels
  bool by_runs_ = false;        // of taps, as they lie in the image
};

}  // namespace tenon::cpu
