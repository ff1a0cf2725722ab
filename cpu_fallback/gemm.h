// Matrix products: C = activation(A * B + bias), in pieces fixed only by the shapes.
#pragma once

#include <cstdint>

#include "core/backend/backend.h"
#include "core/base/parallel.h"
#include "cpu_fallback/gemm_kernels.h"

namespace tenon::cpu {

// The rows of A, wherever they come from.
template <typename T>
class RowSource {
 public:
  virtual ~RowSource() = default;
  // Lays out `rows` rows from `row` on, `depth` elements of each from `k` on, as `layout` says.
  virtual void pack(int64_t row, int rows, int64_t k, int64_t depth, T* panel) const = 0;
  PanelLayout layout = PanelLayout::kRows;
};

// Rows of a matrix in memory. Element (row, k) is at a[row * stride + k], or a[k * stride + row]
// when transposed.
template <typename T>
class MatrixRows : public RowSource<T> {
 public:
  MatrixRows(const T* a, int64_t stride, bool transposed);
  void pack(int64_t row, int rows, int64_t k, int64_t depth, T* panel) const override;

 private:
  const T* a_;
  int64_t stride_;
};

struct GemmShape {
  int64_t m = 0, n = 0, k = 0;
  bool transpose_b = false;
  internal::Epilogue epilogue = {};
};

// A product of fixed shape. It needs no memory but the stack of the threads that it runs on.
template <typename T>
class Gemm {
 public:
  explicit Gemm(const GemmShape& shape);

  // B is [k, n] ([n, k] when transposed) and C is [m, n], both without gaps; `bias` has n elements
  // if the epilogue wants it.
  void run(internal::ThreadPool& pool, const RowSource<T>& a, const T* b, const T* bias,
           T* c) const;

 private:
  void run_block(const RowSource<T>& a, const T* b, const T* bias, T* c, int64_t row_block,
                 int64_t column_block) const;

  GemmShape shape_;
  int64_t chunks_, chunk_;  // of the depth
  int64_t row_block_, row_blocks_, column_blocks_;
};

}  // namespace tenon::cpu
