// Operations of which each row follows from the same rows of their inputs, run together: a few rows
// at a time go through all of them, so that what lies between two of them stays in the cache.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend/backend.h"

namespace tenon::internal {

// The operation whose kernel runs a TileProgram. Backends for which it isn't worth having don't
// register it.
inline constexpr std::string_view kTilesOp = "_Tiles";

// Rows are along the first dimension. Values are numbered: the inputs first, then the output of
// each part, in order.
struct TileProgram {
  // An operation of one output, all of whose rows are made.
  struct Part {
    KernelRequest request = {};  // for all rows
    DType dtype = DType::invalid;
    std::shared_ptr<const ElementwiseProgram> program = {};  // which the request points to
    std::vector<int> inputs = {};  // values; -1 for one that is known when the kernel is prepared
  };
  int64_t rows = 0;
  std::vector<bool> input_by_rows = {};  // of each input; the others are read whole for every row
  std::vector<Part> parts = {};
  std::vector<int> outputs = {};  // values that parts make

  bool by_rows(int value) const {
    const auto at = static_cast<size_t>(value);
    return at >= input_by_rows.size() || input_by_rows[at];
  }
  int value_of(size_t part) const { return static_cast<int>(input_by_rows.size() + part); }
  std::string to_string() const;  // for plans that are printed
};

}  // namespace tenon::internal
