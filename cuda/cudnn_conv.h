// Convolutions of float32 by cuDNN, made ready for one shape. Filters are turned around, from HWIO
// to cuDNN's OHWI or back.
#pragma once

#include <atomic>
#include <memory>

#include "cuda/conv_filter.h"
#include "cuda/conv_graph.h"
#include "cuda/conv_plan.h"
#include "cuda/cuda_device.h"

namespace tenon::cuda {

class CudnnConv {
 public:
  // Where the tensors lie, in the device's memory; bias only where the problem has one.
  struct Addresses {
    const void *image, *filter, *output;
    const void* bias = nullptr;
  };

  // Null where cuDNN has no plan for it.
  static std::shared_ptr<CudnnConv> make(const internal::KernelRequest& request,
                                         const ConvProblem& problem);

  size_t workspace_bytes() const;
  std::string name() const;  // for reports: "cudnn engine 44"
  // False, with nothing computed, where cuDNN refuses after all, or can't for addresses such as
  // these: a tensor of the program's may begin at any element, where cuDNN reads 16 bytes at once.
  bool run(const internal::Launch& args, const Addresses& addresses);

 private:
  CudnnConv(const ConvProblem& problem, bool as_forward, std::vector<ConvPlan> plans);
  bool run_plans(const internal::Launch& args, const Addresses& addresses, char* workspace);
  cudnnStatus_t run(const ConvPlan& plan, cudnnHandle_t handle, const Addresses& addresses,
                    void* workspace) const;

  const ConvDirection direction_;
  const bool as_forward_;  // an image's gradient is
  const bool bias_;
  const ConvFilter filter_;
  const size_t filter_bytes_;  // of the workspace
  const std::vector<ConvPlan> plans_;
  std::atomic<size_t> failed_ = 0;  // so many of the plans, which aren't tried again
};

}  // namespace tenon::cuda
