// Tapes that have one source as one kernel, from when it is compiled on.
#pragma once

#include <memory>
#include <vector>

#include "core/backend/backend.h"
#include "cuda/generated_kernels.h"
#include "cuda/generated_source.h"

namespace tenon::cuda {

class GeneratedGroup {
 public:
  // Has it compiled where anything can be: then another request may have done so before.
  GeneratedGroup(const std::vector<PreparedTape>& tapes, int capability);

  // Whether launch() won't answer otherwise any more.
  bool settled() const { return kernel_ == nullptr || kernel_->settled(); }
  // Whether it could be launched; then it was. Allocates nothing.
  bool launch(const internal::Launch& args) const;

 private:
  std::unique_ptr<const GroupArguments> arguments_;
  std::shared_ptr<const GeneratedKernel> kernel_;  // null: there will be none
};

}  // namespace tenon::cuda
