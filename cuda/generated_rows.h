// A RowProgram as a kernel of its own, from when it is compiled on.
#pragma once

#include <cstdint>
#include <memory>

#include "core/backend/backend.h"
#include "cuda/generated_kernels.h"
#include "cuda/row_source.h"

namespace tenon::cuda {

class GeneratedRows {
 public:
  // Has it compiled where anything can be: then another request may have done so before.
  GeneratedRows(const RowProgram& program, int capability);

  // Whether launch() won't answer otherwise any more.
  bool settled() const { return kernel_ == nullptr || kernel_->settled(); }
  // Whether it could be launched; then it was. Allocates nothing.
  bool launch(const internal::Launch& args) const;

 private:
  KernelParameter parameter_;
  unsigned blocks_;
  std::shared_ptr<const GeneratedKernel> kernel_;  // null: there will be none
};

}  // namespace tenon::cuda
