// Matrix products: C = activation(A * B + bias). In which order an element is summed is fixed by
// the shapes; how C is cut into pieces depends on the number of threads too.
#pragma once

#include <cstdint>
#include <memory>

#include "core/backend/backend.h"
#include "core/base/parallel.h"
#include "cpu_fallback/gemm_kernels.h"

namespace tenon::cpu {

// Room for the rows of a tile, a chunk of each. They lie a little further apart than a chunk is
// long: not all in one set of a cache.
template <typename T>
inline constexpr int64_t kPanelStride = kChunk<T> + 16;
template <typename T>
inline constexpr int64_t kPanelSize = kPanelStride<T>* kMostTileRows;

// Fills up a tile of which only `rows` rows are there. Products of anything else than rows of A
// could raise floating-point exceptions that no element of C raises.
template <typename T>
void repeat_last_row(PanelLayout layout, int64_t stride, int rows, int64_t depth, T* a);

// Where rows of A lie; the layout is the source's.
template <typename T>
struct RowView {
  const T* data;
  int64_t stride;
};

// The rows of A, wherever they come from.
template <typename T>
class RowSource {
 public:
  virtual ~RowSource() = default;
  // Elements [k, k + depth) of tile_height(rows) rows from `row` on, of which `rows` count: as they
  // lie where they can be multiplied so, else laid out in `panel`, of kPanelSize elements.
  virtual RowView<T> view(int64_t row, int rows, int64_t k, int64_t depth, T* panel) const = 0;
  PanelLayout layout = PanelLayout::kRows;
};

// Rows of a matrix in memory. Element (row, k) is at a[row * stride + k], or a[k * stride + row]
// when transposed.
template <typename T>
class MatrixRows : public RowSource<T> {
 public:
  MatrixRows(const T* a, int64_t stride, bool transposed);
  RowView<T> view(int64_t row, int rows, int64_t k, int64_t depth, T* panel) const override;

 private:
  const T* a_;
  int64_t stride_;
};

struct GemmShape {
  int64_t m = 0, n = 0, k = 0;
  bool transpose_b = false;
  internal::Epilogue epilogue = {};
  // Chunks of the depth don't reach over multiples of this, a divisor of k. 0: k itself.
  int64_t k_run = 0;
  int64_t period = 0;  // tiles don't reach over multiples of so many rows; 0: no such rows
};

// A product of fixed shape. It needs no memory but the stack of the threads that it runs on.
template <typename T>
class Gemm {
 public:
  explicit Gemm(const GemmShape& shape);

  // B is this tensor in every run from now on, whatever these are given: it is packed once. All
  // products that have the same memory for their B share what is packed.
  void keep(const Tensor& b);

  // B is [k, n] ([n, k] when transposed) and C is [m, n], both without gaps; `bias` has n elements
  // if the epilogue wants it.
  void run(internal::ThreadPool& pool, const RowSource<T>& a, const T* b, const T* bias,
           T* c) const;

 private:
  // A chunk of B, packed or as it lies.
  struct Chunk {
    const T* data;
    int64_t stride;      // from one of the depth to the next
    int64_t panel_step;  // from a panel to the next
  };
  struct Packed {
    Tensor b;  // whose memory stays so
    Tensor panels;
  };

  int64_t rows_of_piece(int threads) const;
  int64_t columns_of(int64_t column_block) const;
  int64_t depth_at(int64_t k) const;
  // The chunk at `k` of a block of columns; `room` is for one that is packed for the call.
  Chunk chunk(const T* b, int64_t column_block, int64_t k, bool as_it_lies, T* room) const;
  void pack(const T* b, int64_t column_block, int64_t k, T* panels) const;
  Tensor pack_all(const T* b) const;
  void run_block(const RowSource<T>& a, const T* b, const T* bias, T* c, int64_t first_row,
                 int64_t end_row, int64_t column_block) const;

  GemmShape shape_;
  int64_t chunk_;  // of the depth
  int64_t column_blocks_;
  std::shared_ptr<const Packed> packed_;
};

}  // namespace tenon::cpu
