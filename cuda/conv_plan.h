// Which of cuDNN's engines computes a convolution.
//
// cuDNN's heuristics name engines with their settings, the most promising first. Taken are only
// those that give the same bits every time, and whose numbers are as good as was promised.
#pragma once

#include <vector>

#include "cuda/cudnn_descriptor.h"

namespace tenon::cuda {

// An operation graph made ready for an engine; threads may run it at the same time.
struct ConvPlan {
  CudnnDescriptor plan;
  int64_t engine = 0;  // cuDNN's number
  size_t workspace_bytes = 0;
};

struct PlanRules {
  bool allow_tf32 = false;  // whether factors may be rounded to TensorFloat-32
  size_t most_workspace = 0;
};

// The plan to run, and behind it one of another engine for the case that it fails, which takes no
// more workspace. Empty where cuDNN has none. `properties` are the device's.
std::vector<ConvPlan> choose_conv_plans(const CudnnDescriptor& graph,
                                        const CudnnDescriptor& properties, const PlanRules& rules);

}  // namespace tenon::cuda
