// Operations that work row by row, joined into one kernel, as rows of a table.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/backend/tiles.h"
#include "tests/cpu_fallback/kernel_testing.h"

namespace tenon::testing {

// A TileProgram with values for what it takes.
class RowCase {
 public:
  explicit RowCase(std::string name) : name_(std::move(name)) {}

  // Values are numbered; all inputs come before all parts.
  int input(const Tensor& value, bool by_rows = true);
  // Along all axes from `axis` on; without them the shape ends there.
  int reduce(const char* op, int of, int axis, bool keep_dims = true);
  using Build = std::function<int(internal::ElementwiseBuilder&, const std::vector<int>&)>;
  // Of values, each with the shape given for it, where one is.
  int compute(const std::vector<int>& of, const Build& build, const std::vector<Shape>& seen = {});
  void output(int value) { tiles_.outputs.push_back(value); }

  const std::string& name() const { return name_; }
  const internal::TileProgram& tiles() const { return tiles_; }
  // As one kernel; lives no longer than this.
  KernelCase kernel() const;
  // What the CPU's kernels give, one after the other.
  std::vector<Tensor> expected() const;

 private:
  const internal::TensorSpec& spec(int value) const { return specs_[static_cast<size_t>(value)]; }
  int add_part(internal::TileProgram::Part part);

  std::string name_;
  std::vector<Tensor> inputs_;
  std::vector<internal::TensorSpec> specs_;  // by value
  internal::TileProgram tiles_;
};

std::vector<RowCase> row_cases();

}  // namespace tenon::testing
