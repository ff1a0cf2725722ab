// The lists of tensors that a run keeps: tensor arrays and stacks, by their handles.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/graph/host_call.h"

namespace tenon::internal {

// Tensors stay in the memory that they were made in.
struct TensorArray {
  DType dtype = DType::invalid;
  bool is_stack = false;
  int64_t most = -1;                              // elements of a stack; -1: any number
  Shape element_shape = Shape::unknown();         // as far as its maker knows
  bool grows = false;                             // may have more elements than at first
  bool forgets = false;                           // an element may be read once
  bool adds_up = false;                           // of gradients: what is written twice is added
  std::vector<Tensor> elements = {};              // empty where nothing was written
  std::vector<Shape> shapes = {};                 // of what was written; unknown else
  std::map<std::string, int64_t> gradients = {};  // by source
};

// Those of one run, which is one thread's.
class TensorArrays {
 public:
  int64_t add(TensorArray array) {
    arrays_.push_back(std::move(array));
    return static_cast<int64_t>(arrays_.size()) - 1;
  }
  // Throws InvalidArgumentError (bad_argument) for a handle of another run.
  TensorArray& at(int64_t handle) {
    require(handle >= 0 && handle < static_cast<int64_t>(arrays_.size()), ErrorKind::bad_argument,
            "The tensor array belongs to another run");
    return arrays_[static_cast<size_t>(handle)];
  }

 private:
  std::deque<TensorArray> arrays_;
};

// That of a call's first input. Throws InvalidArgumentError (bad_argument) for a stack's handle.
inline TensorArray& array_of(HostCall& call) {
  TensorArray& array = call.of_run<TensorArrays>().at(call.integer(0));
  require(!array.is_stack, ErrorKind::bad_argument, "A stack is used as a tensor array");
  return array;
}
inline TensorArray& stack_of(HostCall& call) {
  TensorArray& stack = call.of_run<TensorArrays>().at(call.integer(0));
  require(stack.is_stack, ErrorKind::bad_argument, "A tensor array is used as a stack");
  return stack;
}

}  // namespace tenon::internal
