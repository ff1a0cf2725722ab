// A TileProgram of elementwise programs and reductions of whole rows, as the steps of one loop over
// the rows: what lies between its parts never is anywhere but in registers.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/backend/tiles.h"
#include "cuda/elementwise_tape.h"
#include "cuda/offsets.h"
#include "cuda/reduction.h"

namespace tenon::cuda {

// Whether all parts go over the same rows (KernelRegistration::takes_tiles). Of parts that don't
// reduce yet, whether they all make what a reduction could take.
bool is_row_program(const internal::TileProgram& program);

// Makes one value: of each element, or one for the whole row.
struct RowStep {
  enum class Kind : uint8_t { kLoad, kCompute, kReduce };
  // Which element of an input is read.
  enum class Reach : uint8_t { kWhole, kRow, kColumn, kSingle, kOffsets };

  Kind kind;
  bool per_row;  // else of each element
  int level;     // how many reductions, one after the other, it waits for
  DType dtype;
  // kLoad.
  Reach reach = Reach::kWhole;
  int input = 0, offsets = 0;
  // kCompute.
  internal::Primitive primitive = internal::Primitive::kAdd;
  Arithmetic arithmetic = Arithmetic::kFloat;  // of the operands
  // kReduce: of operand 0.
  Reduce reduce = Reduce::kSum;
  std::array<int, 3> operands = {};  // steps; below zero: -1 - the number of a constant
};

struct RowProgram {
  // Of a request for kTilesOp: an is_row_program() that reduces.
  explicit RowProgram(const internal::KernelRequest& request);

  struct Output {
    int step;
    DType dtype;
    bool per_row;  // one element a row
  };
  int64_t rows = 0, length = 0;  // length: elements of a row
  std::vector<RowStep> steps;    // in order
  std::vector<Output> outputs;
  std::vector<uint64_t> constants;
  std::vector<Offsets> offsets;
  size_t inputs = 0;
};

}  // namespace tenon::cuda
