// The innermost parts of matrix products: tiles kept in registers, packing, epilogues. One set for
// each kind of processor; gemm.h is what other code uses.
#pragma once

#include <cstdint>

#include "core/backend/backend.h"

namespace tenon::cpu {

// A product is cut into chunks of this depth, so that what a tile reads stays in the first cache.
template <typename T>
inline constexpr int64_t kChunk = sizeof(T) == 4 ? 256 : 128;

inline constexpr int64_t kColumnBlock = 256;  // columns of B that are packed at once
inline constexpr int kMostTileRows = 12;

// Tiles have one of a few heights: the least that takes so many rows.
constexpr int tile_height(int rows) {
  return rows <= 2 ? rows : rows <= 8 ? (rows + 1) / 2 * 2 : kMostTileRows;
}

// The highest tile that has no more rows than are there.
constexpr int highest_tile(int64_t rows) {
  return rows >= kMostTileRows ? kMostTileRows
         : rows >= 8           ? 8
         : rows < 2            ? 1
                               : static_cast<int>(rows) / 2 * 2;
}

// How rows of A lie: element (row, k) at [row * stride + k], or at [k * stride + row].
enum class PanelLayout { kRows, kDepth };

// Some rows of A times a chunk of B, into or onto as many rows of C.
template <typename T>
struct TileRows {
  PanelLayout layout;
  const T* a;  // of tile_height(rows) rows: those beyond `rows` are read too
  int64_t a_stride;
  int rows;    // at most tile_rows
  const T* b;  // panels of tile_columns columns, [k * b_stride + column]
  int64_t b_stride;
  int64_t panel_step;  // from a panel to the next
  int64_t depth;
  int64_t columns;
  T* c;
  int64_t c_stride;
  bool accumulate;  // add to what is in C
};

template <typename T>
struct GemmKernels {
  int tile_rows;
  int tile_columns;
  void (*multiply)(const TileRows<T>& tile);
  // Packs B's chunk [depth, columns] into panels, the last filled up with its last column. Element
  // (k, n) is at b[k * stride + n], or b[n * stride + k] when transposed.
  void (*pack_b)(const T* b, int64_t stride, bool transposed, int64_t depth, int64_t columns,
                 T* panels);
  // Packs rows of a transposed A, element (row, k) at a[k * stride + row], by depth:
  // panel[k * tile_rows + row].
  void (*pack_transposed_a)(const T* a, int64_t stride, int rows, int64_t depth, T* panel);
  // activation(c + bias) in place; a null bias is none.
  void (*epilogue)(T* c, int64_t c_stride, int64_t rows, int64_t columns, const T* bias,
                   internal::Activation activation, double alpha);
};

// The kernels for this processor. T is float or double.
template <typename T>
const GemmKernels<T>& gemm_kernels();

}  // namespace tenon::cpu
