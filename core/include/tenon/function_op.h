// Functions of the program's as operations: TensorFlow's py_func.
//
//   Output y = function_op([](const std::vector<Tensor>& in) { return sorted(in[0]); }, {x},
//                          float32, {.shapes = {x.shape()}});
#pragma once

#include <functional>
#include <string>
#include <type_traits>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/gradient_overrides.h"
#include "tenon/graph.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon {

using TensorFunction = std::function<std::vector<Tensor>(const std::vector<Tensor>& inputs)>;

struct FunctionOptions {
  // What is known of each result's shape; none at all: nothing is.
  std::vector<Shape> shapes = {};
  // false: the same inputs give the same results, and nothing else is done ("PyFuncStateless").
  bool stateful = true;
  OpGradient gradient = {};  // left out: gradients stop here, as at TensorFlow's py_func
  std::string name = {};
};

namespace internal {
TENON_API Operation make_function_op(TensorFunction function, const Inputs& inputs,
                                     const std::vector<DType>& dtypes,
                                     const FunctionOptions& options, const Location& where);
}  // namespace internal

// The results of `function`, of these dtypes, each time that a run needs one of them or the
// operation itself. It is called with the inputs' values, wherever they are, in the host's memory:
// it may keep them, but not write to them; what it returns is then the run's.
//
// The operation runs on the CPU. Several runs at once call the function at once. It must not run
// the session that calls it. What it throws ends the run: an Error as it is, anything else as
// RuntimeError (function_failed), both with the operation's name and line. So does another number
// of results, one of another dtype, or of a shape that doesn't fit: InvalidArgumentError
// (function_failed). Throws ValueError (bad_argument) for an empty function, or as many shapes as
// there are not dtypes.
TENON_API std::vector<Output> function_op(TensorFunction function, const Inputs& inputs,
                                          const std::vector<DType>& dtypes,
                                          const FunctionOptions& options = {},
                                          Location where = Location::current());

// The same of a function with one result.
template <typename F>
requires(std::is_invocable_r_v<Tensor, F&, const std::vector<Tensor>&>) Output
    function_op(F function, const Inputs& inputs, DType dtype, const FunctionOptions& options = {},
                Location where = Location::current()) {
  const auto as_list = [function](const std::vector<Tensor>& values) mutable {
    return std::vector<Tensor>{function(values)};
  };
  return internal::make_function_op(as_list, inputs, {dtype}, options, where).output(0);
}

// The same of a function without results: the operation, to be run or waited for.
template <typename F>
requires(std::is_void_v<std::invoke_result_t<F&, const std::vector<Tensor>&>>) Operation
    function_op(F function, const Inputs& inputs, const FunctionOptions& options = {},
                Location where = Location::current()) {
  const auto as_list = [function](const std::vector<Tensor>& values) mutable {
    function(values);
    return std::vector<Tensor>();
  };
  return internal::make_function_op(as_list, inputs, {}, options, where);
}

}  // namespace tenon
