#include "cpu_fallback/gemm.h"

#include <algorithm>
#include <tuple>

#include "core/base/shared_values.h"
#include "core/tensor/buffer.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {

template <typename T>
void repeat_last_row(PanelLayout layout, int64_t stride, int rows, int64_t depth, T* a) {
  const int height = tile_height(rows);
  const int64_t row_step = layout == PanelLayout::kRows ? stride : 1;
  const int64_t k_step = layout == PanelLayout::kRows ? 1 : stride;
  for (int64_t k = 0; height != rows && k < depth; ++k) {
    T* column = a + k * k_step;
    for (int r = rows; r < height; ++r) column[r * row_step] = column[(rows - 1) * row_step];
  }
}

template <typename T>
MatrixRows<T>::MatrixRows(const T* a, int64_t stride, bool transposed) : a_(a), stride_(stride) {
  this->layout = transposed ? PanelLayout::kDepth : PanelLayout::kRows;
}

template <typename T>
RowView<T> MatrixRows<T>::view(int64_t row, int rows, int64_t k, int64_t depth, T* panel) const {
  RowView<T> packed = {panel, kPanelStride<T>};
  if (this->layout == PanelLayout::kDepth) {
    const GemmKernels<T>& kernels = gemm_kernels<T>();
    packed.stride = kernels.tile_rows;
    kernels.pack_transposed_a(a_ + k * stride_ + row, stride_, rows, depth, panel);
  } else if (tile_height(rows) == rows) {
    return {a_ + row * stride_ + k, stride_};
  } else {
    for (int r = 0; r < rows; ++r) {
      std::copy_n(a_ + (row + r) * stride_ + k, depth, panel + r * kPanelStride<T>);
    }
  }
  repeat_last_row(this->layout, packed.stride, rows, depth, panel);
  return packed;
}

template <typename T>
Gemm<T>::Gemm(const GemmShape& shape) : shape_(shape) {
  if (shape_.k_run == 0) shape_.k_run = shape.k;
  chunk_ = quotient_up(shape_.k_run, std::max<int64_t>(1, quotient_up(shape_.k_run, kChunk<T>)));
  column_blocks_ = quotient_up(shape.n, kColumnBlock);
}

// B is packed anew for each piece, so that these mustn't be too low, nor so high that their part of
// C leaves the second cache.
template <typename T>
int64_t Gemm<T>::rows_of_piece(int threads) const {
  constexpr int64_t kFewestProducts = 2 << 20, kLowest = 4 * kMostTileRows, kHighest = 512;
  const int64_t products = shape_.m * shape_.n * shape_.k;
  const int64_t pieces =
      threads == 1 ? 1 : std::min<int64_t>(products / kFewestProducts, 4 * threads);
  const int64_t rows =
      quotient_up(shape_.m, std::max<int64_t>(1, quotient_up(pieces, column_blocks_)));
  const int64_t unit = shape_.period == 0 ? kMostTileRows : shape_.period;
  return quotient_up(std::clamp(rows, kLowest, kHighest), unit) * unit;
}

template <typename T>
void Gemm<T>::run(internal::ThreadPool& pool, const RowSource<T>& a, const T* b, const T* bias,
                  T* c) const {
  const int64_t rows = rows_of_piece(pool.threads());
  pool.for_each(quotient_up(shape_.m, rows) * column_blocks_, [&](int64_t piece) {
    const int64_t first = piece / column_blocks_ * rows;
    run_block(a, b, bias, c, first, std::min(shape_.m, first + rows), piece % column_blocks_);
  });
}

template <typename T>
int64_t Gemm<T>::columns_of(int64_t column_block) const {
  return std::min(kColumnBlock, shape_.n - column_block * kColumnBlock);
}

template <typename T>
int64_t Gemm<T>::depth_at(int64_t k) const {
  return std::min(chunk_, shape_.k_run - k % shape_.k_run);
}

template <typename T>
void Gemm<T>::pack(const T* b, int64_t column_block, int64_t k, T* panels) const {
  const int64_t first = column_block * kColumnBlock,
                stride = shape_.transpose_b ? shape_.k : shape_.n;
  const T* from = shape_.transpose_b ? b + first * stride + k : b + k * stride + first;
  gemm_kernels<T>().pack_b(from, stride, shape_.transpose_b, depth_at(k), columns_of(column_block),
                           panels);
}

// Block by block, and of each the chunks one after the other.
template <typename T>
Tensor Gemm<T>::pack_all(const T* b) const {
  const int64_t width = gemm_kernels<T>().tile_columns;
  Tensor panels =
      internal::uninitialized_tensor(dtype_of<T>, {shape_.k, quotient_up(shape_.n, width) * width});
  T* to = panels.mutable_data<T>().data();
  for (int64_t block = 0; block < column_blocks_; ++block) {
    const int64_t columns = quotient_up(columns_of(block), width) * width;
    for (int64_t k = 0; k < shape_.k; k += depth_at(k)) {
      pack(b, block, k, to + block * kColumnBlock * shape_.k + k * columns);
    }
  }
  return panels;
}

template <typename T>
void Gemm<T>::keep(const Tensor& b) {
  using Key = std::tuple<const void*, int64_t, int64_t, int64_t, bool>;
  static auto* const shared = new internal::SharedValues<Key, Packed>;
  const bool lies_as_packed = !shape_.transpose_b && shape_.n == gemm_kernels<T>().tile_columns;
  if (lies_as_packed || shape_.k * shape_.n == 0) return;
  packed_ = shared->get({b.raw(), shape_.k, shape_.n, shape_.k_run, shape_.transpose_b}, [&] {
    return Packed{b, pack_all(b.data<T>().data())};
  });
}

template <typename T>
typename Gemm<T>::Chunk Gemm<T>::chunk(const T* b, int64_t column_block, int64_t k, bool as_it_lies,
                                       T* room) const {
  const int64_t width = gemm_kernels<T>().tile_columns, first = column_block * kColumnBlock;
  const int64_t step = depth_at(k) * width;
  if (packed_ != nullptr) {
    const int64_t columns = quotient_up(columns_of(column_block), width) * width;
    const T* panels = packed_->panels.template data<T>().data();
    return {panels + first * shape_.k + k * columns, width, step};
  }
  if (as_it_lies) return {b + k * shape_.n + first, shape_.n, width};
  pack(b, column_block, k, room);
  return {room, width, step};
}

template <typename T>
void Gemm<T>::run_block(const RowSource<T>& a, const T* b, const T* bias, T* c, int64_t first_row,
                        int64_t end_row, int64_t column_block) const {
  const GemmKernels<T>& kernels = gemm_kernels<T>();
  const int64_t first_column = column_block * kColumnBlock;
  const int64_t columns = columns_of(column_block);
  const internal::Epilogue& epilogue = shape_.epilogue;
  const auto finish = [&](int64_t row, int64_t rows) {
    if (epilogue.empty()) return;
    kernels.epilogue(c + row * shape_.n + first_column, shape_.n, rows, columns,
                     epilogue.bias ? bias + first_column : nullptr, epilogue.activation,
                     epilogue.alpha);
  };
  if (shape_.k == 0) {
    for (int64_t row = first_row; row < end_row; ++row) {
      std::fill_n(c + row * shape_.n + first_column, columns, T{0});
    }
    finish(first_row, end_row - first_row);
    return;
  }
  alignas(64) T b_panels[kChunk<T> * kColumnBlock];
  alignas(64) T a_panel[kPanelSize<T>];
  // Few rows use B too little for a copy to pay; few columns lie near each other anyway.
  const bool as_it_lies =
      !shape_.transpose_b && columns % kernels.tile_columns == 0 &&
      (shape_.n <= kernels.tile_columns || end_row - first_row <= 2 * kernels.tile_rows);
  for (int64_t k = 0, depth = 0; k < shape_.k; k += depth) {
    depth = depth_at(k);
    const Chunk b_chunk = chunk(b, column_block, k, as_it_lies, b_panels);
    TileRows<T> tile = {.layout = a.layout,
                        .a = nullptr,
                        .a_stride = 0,
                        .rows = 0,
                        .b = b_chunk.data,
                        .b_stride = b_chunk.stride,
                        .panel_step = b_chunk.panel_step,
                        .depth = depth,
                        .columns = columns,
                        .c = nullptr,
                        .c_stride = shape_.n,
                        .accumulate = k > 0};
    for (int64_t row = first_row; row < end_row; row += tile.rows) {
      tile.rows = static_cast<int>(std::min<int64_t>(kernels.tile_rows, end_row - row));
      if (shape_.period != 0) {
        tile.rows =
            static_cast<int>(std::min(int64_t{tile.rows}, shape_.period - row % shape_.period));
      }
      tile.c = c + row * shape_.n + first_column;
      const RowView<T> rows = a.view(row, tile.rows, k, depth, a_panel);
      tile.a = rows.data;
      tile.a_stride = rows.stride;
      kernels.multiply(tile);
      if (k + depth == shape_.k) finish(row, tile.rows);
    }
  }
}

template void repeat_last_row(PanelLayout, int64_t, int, int64_t, float*);
template void repeat_last_row(PanelLayout, int64_t, int, int64_t, double*);
template class MatrixRows<float>;
template class MatrixRows<double>;
template class Gemm<float>;
template class Gemm<double>;

}  // namespace tenon::cpu
