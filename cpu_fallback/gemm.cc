#include "cpu_fallback/gemm.h"

#include <algorithm>
#include <cstring>

#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {

template <typename T>
MatrixRows<T>::MatrixRows(const T* a, int64_t stride, bool transposed) : a_(a), stride_(stride) {
  this->layout = transposed ? PanelLayout::kDepth : PanelLayout::kRows;
}

template <typename T>
void MatrixRows<T>::pack(int64_t row, int rows, int64_t k, int64_t depth, T* panel) const {
  if (this->layout == PanelLayout::kDepth) {
    gemm_kernels<T>().pack_transposed_a(a_ + k * stride_ + row, stride_, rows, depth, panel);
    return;
  }
  for (int r = 0; r < rows; ++r) {
    std::memcpy(panel + r * kPanelStride<T>, a_ + (row + r) * stride_ + k,
                static_cast<size_t>(depth) * sizeof(T));
  }
}

template <typename T>
Gemm<T>::Gemm(const GemmShape& shape) : shape_(shape) {
  chunks_ = quotient_up(shape.k, kChunk<T>);
  chunk_ = chunks_ == 0 ? 0 : quotient_up(shape.k, chunks_);
  // Pieces of some two million multiplications. B is packed anew for each block of rows, so that
  // these mustn't be too low.
  constexpr int64_t kPiece = 2 << 20, kLowestBlock = 4 * kMostTileRows;
  column_blocks_ = quotient_up(shape.n, kColumnBlock);
  const int64_t products = shape.m * shape.n * shape.k;
  const int64_t pieces =
      std::min(products / kPiece, std::max<int64_t>(32, products / (kPiece * 32)));
  row_blocks_ = column_blocks_ == 0 ? 0 : quotient_up(pieces, column_blocks_);
  row_blocks_ = std::clamp<int64_t>(row_blocks_, 1, std::max<int64_t>(1, shape.m / kLowestBlock));
  row_block_ = quotient_up(quotient_up(shape.m, row_blocks_), kMostTileRows) * kMostTileRows;
  row_blocks_ = row_block_ == 0 ? 0 : quotient_up(shape.m, row_block_);
}

template <typename T>
void Gemm<T>::run(internal::ThreadPool& pool, const RowSource<T>& a, const T* b, const T* bias,
                  T* c) const {
  pool.for_each(row_blocks_ * column_blocks_, [&](int64_t piece) {
    run_block(a, b, bias, c, piece / column_blocks_, piece % column_blocks_);
  });
}

template <typename T>
void Gemm<T>::run_block(const RowSource<T>& a, const T* b, const T* bias, T* c, int64_t row_block,
                        int64_t column_block) const {
  const GemmKernels<T>& kernels = gemm_kernels<T>();
  const int64_t first_row = row_block * row_block_, first_column = column_block * kColumnBlock;
  const int64_t end_row = std::min(shape_.m, first_row + row_block_);
  const int64_t columns = std::min(kColumnBlock, shape_.n - first_column);
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
  alignas(64) T a_panel[kPanelStride<T> * kMostTileRows];
  // Few rows use B too little for a copy to pay; few columns lie near each other anyway.
  const bool as_it_lies =
      !shape_.transpose_b && columns % kernels.tile_columns == 0 &&
      (shape_.n <= kernels.tile_columns || end_row - first_row <= 2 * kernels.tile_rows);
  for (int64_t chunk = 0; chunk < chunks_; ++chunk) {
    const int64_t k = chunk * chunk_, depth = std::min(chunk_, shape_.k - k);
    const T* b_chunk =
        shape_.transpose_b ? b + first_column * shape_.k + k : b + k * shape_.n + first_column;
    if (!as_it_lies) {
      kernels.pack_b(b_chunk, shape_.transpose_b ? shape_.k : shape_.n, shape_.transpose_b, depth,
                     columns, b_panels);
    }
    TileRows<T> tile = {
        .layout = a.layout,
        .a = a_panel,
        .a_stride = kernels.tile_rows,
        .rows = 0,
        .b = as_it_lies ? b_chunk : b_panels,
        .b_stride = as_it_lies ? shape_.n : kernels.tile_columns,
        .panel_step = as_it_lies ? kernels.tile_columns : depth * kernels.tile_columns,
        .depth = depth,
        .columns = columns,
        .c = nullptr,
        .c_stride = shape_.n,
        .accumulate = chunk > 0};
    for (int64_t row = first_row; row < end_row; row += kernels.tile_rows) {
      tile.rows = static_cast<int>(std::min<int64_t>(kernels.tile_rows, end_row - row));
      tile.c = c + row * shape_.n + first_column;
      a.pack(row, tile.rows, k, depth, a_panel);
      kernels.multiply(tile);
      if (chunk == chunks_ - 1) finish(row, tile.rows);
    }
  }
}

template class MatrixRows<float>;
template class MatrixRows<double>;
template class Gemm<float>;
template class Gemm<double>;

}  // namespace tenon::cpu
