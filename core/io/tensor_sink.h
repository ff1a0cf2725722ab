// A file of tensors that is being written, whatever its format.
#pragma once

#include <string>
#include <vector>

#include "core/io/tensor_slice.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// add, as often as there are tensors, then finish. One that isn't finished leaves nothing behind.
// Tensors are host tensors; each is written when it is added. Throws ValueError (bad_argument) for
// a name that was added before.
class TensorSink {
 public:
  TensorSink() = default;
  virtual ~TensorSink() = default;
  TensorSink(const TensorSink&) = delete;
  TensorSink& operator=(const TensorSink&) = delete;

  virtual void add(const std::string& name, const Tensor& tensor) = 0;
  // A part of tensor `name`, of shape `full`. All parts must be added, each once.
  virtual void add_slice(const std::string& name, const Shape& full, const TensorSlice& slice,
                         const Tensor& tensor) = 0;
  // All is on the disk, under its names, when it returns.
  virtual void finish() = 0;
  // The files that were written.
  virtual const std::vector<std::string>& files() const = 0;
};

}  // namespace tenon::internal
