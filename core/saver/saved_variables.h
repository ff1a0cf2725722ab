// The variables of a saver, under the names that a checkpoint has for them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/io/tensor_slice.h"
#include "tenon/saver.h"
#include "tenon/shape.h"
#include "tenon/variable.h"

namespace tenon::internal {

// One tensor of a checkpoint: a variable, or the parts of a partitioned one.
struct SavedVariable {
  struct Part {
    Variable variable;
    TensorSlice slice;  // of the whole; of a whole variable all of it
  };
  std::string name;
  DType dtype = DType::invalid;
  Shape shape;  // of the whole; some of it may be unknown
  std::vector<Part> parts;

  bool is_whole() const { return parts.size() == 1 && !parts[0].variable.save_slice_info(); }
};

// A variable, or the parts of one, under a name. Throws ValueError (bad_argument) where they are of
// different variables, and as Saver's constructor does.
SavedVariable saved_variable(const std::string& name, const std::vector<Variable>& parts);
// In the order of names. Throws as Saver's constructor does.
std::vector<SavedVariable> saved_variables(const train::SaverVariables& variables);
// All that a saver saves by default.
train::SaverVariables all_saveable_variables();

}  // namespace tenon::internal
