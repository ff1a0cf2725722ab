// A tape as a kernel of its own, from when it is compiled on.
#pragma once

#include <cstdint>
#include <memory>

#include "core/backend/backend.h"
#include "cuda/generated_kernels.h"
#include "cuda/generated_source.h"

namespace tenon::cuda {

class GeneratedLoop {
 public:
  // Has it compiled where anything can be: then another request may have done so before.
  GeneratedLoop(const PreparedTape& tape, int capability);

  // Whether launch() won't answer otherwise any more.
  bool settled() const { return kernel_ == nullptr || kernel_->settled(); }
  // Whether it could be launched; then it was. Allocates nothing.
  bool launch(const internal::Launch& args) const;

 private:
  GeneratedArguments arguments_;
  int64_t count_;
  int width_ = 1;
  std::shared_ptr<const GeneratedKernel> kernel_;  // null: there will be none
};

}  // namespace tenon::cuda
