#include "cuda/cudnn_conv.h"

#include <algorithm>
#include <array>

#include "core/base/strings.h"
#include "cuda/process_end.h"

namespace tenon::cuda {
namespace {

// A plan may take so much, and no more than a quarter of what the session may.
constexpr size_t kMostWorkspace = size_t{512} << 20;

// The parts of the workspace begin at multiples of so much, which is more than the engine promises.
constexpr size_t kWorkspaceAlignment = 256;

size_t aligned(size_t bytes) {
  return (bytes + kWorkspaceAlignment - 1) / kWorkspaceAlignment * kWorkspaceAlignment;
}

bool is_aligned(const void* address) {
  return reinterpret_cast<uintptr_t>(address) % kConvAlignment == 0;
}

std::vector<ConvPlan> plans_of(CudaDevice& device, const ConvProblem& problem) {
  CudnnDescriptor graph;
  if (!make_conv_graph(problem, graph)) return {};
  std::vector<ConvPlan> plans =
      choose_conv_plans(graph, device.cudnn_properties(),
                        {.allow_tf32 = device.allow_tf32(),
                         .most_workspace = std::min(kMostWorkspace, device.memory_limit() / 4)});
  // By now cuDNN has loaded what it looks for plans with.
  static const bool noticed = (notice_the_end(), true);
  static_cast<void>(noticed);
  return plans;
}

}  // namespace

std::shared_ptr<CudnnConv> CudnnConv::make(const internal::KernelRequest& request,
                                           const ConvProblem& problem) {
  if (!cudnn_counts(problem)) return nullptr;
  const std::optional<ConvProblem> forward = as_forward(problem);
  std::vector<ConvPlan> plans;
  if (forward && cudnn_counts(*forward)) plans = plans_of(CudaDevice::of(request), *forward);
  const bool goes_forward = !plans.empty();
  if (!goes_forward) plans = plans_of(CudaDevice::of(request), problem);
  if (plans.empty()) return nullptr;
  return std::shared_ptr<CudnnConv>(new CudnnConv(problem, goes_forward, std::move(plans)));
}

CudnnConv::CudnnConv(const ConvProblem& problem, bool as_forward, std::vector<ConvPlan> plans)
    : direction_(problem.direction),
      as_forward_(as_forward),
      bias_(problem.bias),
      filter_(problem, as_forward),
      filter_bytes_(aligned(filter_.bytes())),
      plans_(std::move(plans)) {}

size_t CudnnConv::workspace_bytes() const {
  const size_t bytes = filter_bytes_ + plans_.front().workspace_bytes;
  return bytes == 0 ? 0 : bytes + kWorkspaceAlignment;
}

std::string CudnnConv::name() const {
  return internal::str("cudnn engine ", plans_.front().engine);
}

bool CudnnConv::run(const internal::Launch& args, const Addresses& addresses) {
  auto* const workspace =
      reinterpret_cast<char*>(aligned(reinterpret_cast<uintptr_t>(args.workspace)));
  const bool turns = filter_bytes_ != 0;
  Addresses own = addresses;
  if (turns) own.filter = workspace;
  if (as_forward_) std::swap(own.image, own.output);
  if (!is_aligned(own.image) || !is_aligned(own.filter) || !is_aligned(own.output) ||
      !is_aligned(own.bias)) {
    return false;
  }
  const bool filter_comes = direction_ == ConvDirection::kFilterGradient;
  if (turns && !filter_comes) filter_.to_cudnn(stream(args), addresses.filter, workspace);
  if (!run_plans(args, own, workspace + filter_bytes_)) return false;
  if (turns && filter_comes) {
    filter_.from_cudnn(stream(args), workspace, const_cast<void*>(addresses.filter));
  }
  return true;
}

// By the first of the plans that hasn't failed yet.
bool CudnnConv::run_plans(const internal::Launch& args, const Addresses& addresses,
                          char* workspace) {
  for (size_t i = failed_; i < plans_.size(); ++i) {
    const cudnnStatus_t status = run(plans_[i], queue(args).cudnn(), addresses, workspace);
    if (status == CUDNN_STATUS_SUCCESS) return true;
    // While work is captured, that alone may be why.
    if (is_out_of_memory(status) || is_captured(stream(args))) check(status, "cudnnBackendExecute");
    // Unless another thread has met the same, or more.
    size_t known = i;
    failed_.compare_exchange_strong(known, i + 1);
  }
  return false;
}

cudnnStatus_t CudnnConv::run(const ConvPlan& plan, cudnnHandle_t handle, const Addresses& addresses,
                             void* workspace) const {
  static constexpr std::array kNumbers = {
      static_cast<int64_t>(ConvTensor::kImage), static_cast<int64_t>(ConvTensor::kFilter),
      static_cast<int64_t>(ConvTensor::kOutput), static_cast<int64_t>(ConvTensor::kBias)};
  const std::array<void*, 4> pointers = {
      const_cast<void*>(addresses.image), const_cast<void*>(addresses.filter),
      const_cast<void*>(addresses.output), const_cast<void*>(addresses.bias)};
  const size_t count = bias_ ? 4 : 3;
  // One for each launch: threads may launch at the same time. It takes less than a microsecond.
  CudnnDescriptor pack(CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
  pack.set(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, std::span(kNumbers).first(count));
  pack.set(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, std::span(pointers).first(count));
  pack.set(CUDNN_ATTR_VARIANT_PACK_WORKSPACE, workspace);
  return pack.finalize() ? plan.plan.execute(handle, pack) : pack.status();
}

}  // namespace tenon::cuda
