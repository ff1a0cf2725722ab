// Input: an argument that may be a Variable, which is read where it is used.
#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/graph/graph_state.h"
#include "tenon/graph.h"
#include "tenon/variable.h"

namespace tenon {

Input::Input(const Variable& variable, Location where)
    : variable_(variable.state()), where_(where) {
  internal::require<ValueError>(
      variable_ != nullptr, ErrorKind::bad_argument, "Use of an empty Variable, at ",
      internal::CallerLine::or_else(where),
      ": it refers to no variable. So does what average() and get_slot() answer of a variable that "
      "apply() or apply_gradients() was not told of.");
}

Output Input::output() const {
  return variable_ == nullptr ? output_ : Variable(variable_).value(where_);
}

DType Input::dtype() const {
  if (variable_ != nullptr) return Variable(variable_).dtype();
  return output_ ? output_.dtype() : value_.dtype();
}

Shape Input::shape() const {
  if (variable_ != nullptr) return Variable(variable_).shape();
  return output_ ? output_.shape() : value_.shape();
}

std::string Input::name() const {
  return variable_ != nullptr ? Variable(variable_).name() : output_.name();
}

std::vector<Input> Input::parts() const {
  const Variable variable(variable_);
  if (!variable.is_partitioned()) return {*this};
  std::vector<Input> parts;
  for (const Variable& part : variable.parts()) parts.emplace_back(part, where_);
  return parts;
}

std::shared_ptr<internal::GraphState> Input::graph_state() const {
  return variable_ != nullptr ? Variable(variable_).graph().state() : output_.op().state();
}

}  // namespace tenon
