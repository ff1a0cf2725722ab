// A file of tensors that is being written, whatever its format.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tenon/checkpoint.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// add, as often as there are tensors, then finish. One that isn't finished leaves nothing behind.
// Tensors are host tensors; each is written when it is added.
class TensorSink {
 public:
  TensorSink() = default;
  virtual ~TensorSink() = default;
  TensorSink(const TensorSink&) = delete;
  TensorSink& operator=(const TensorSink&) = delete;

  virtual void add(const std::string& name, const Tensor& tensor) = 0;
  // All is on the disk, under its names, when it returns.
  virtual void finish() = 0;
  // The files that were written.
  virtual const std::vector<std::string>& files() const = 0;
};

// In the format that the path's end says: `.safetensors`, `.npz`, else a bundle of that prefix.
std::unique_ptr<TensorSink> make_sink(const std::string& path,
                                      const std::vector<train::StoredVariable>& variables);

}  // namespace tenon::internal
