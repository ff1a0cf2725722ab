#include "cuda/conv_filter.h"

namespace tenon::cuda {

ConvFilter::ConvFilter(const ConvProblem& problem, bool reversed)
    : taps_(problem.windows.h.size * problem.windows.w.size *
            (problem.windows.channels / problem.groups)),
      outputs_(problem.outputs),
      bytes_(static_cast<size_t>(taps_ * outputs_) * sizeof(float)) {
  if (!reversed) {
    if (taps_ == 1 || outputs_ == 1) bytes_ = 0;
    return;
  }
  const int64_t channels = problem.windows.channels / problem.groups;
  const int64_t outputs = problem.outputs / problem.groups;  // of a group, as the channels are
  const int64_t places = problem.windows.h.size * problem.windows.w.size;
  const int64_t place = channels * outputs_;  // numbers from one to the next
  reversed_.emplace(internal::CopyAxes({problem.groups, channels, places, outputs},
                                       {outputs, outputs_, -place, 1},
                                       {channels * places * outputs, places * outputs, outputs, 1}),
                    sizeof(float), (places - 1) * place);
}

void ConvFilter::to_cudnn(cudaStream_t stream, const void* filter, void* own) const {
  if (reversed_) {
    reversed_->run(stream, filter, own);
  } else {
    transpose_matrices(stream, {.batch = 1, .rows = taps_, .columns = outputs_}, sizeof(float),
                       filter, own);
  }
}

void ConvFilter::from_cudnn(cudaStream_t stream, const void* own, void* filter) const {
  transpose_matrices(stream, {.batch = 1, .rows = outputs_, .columns = taps_}, sizeof(float), own,
                     filter);
}

}  // namespace tenon::cuda
