// Inputs that a GPU's kernel wants in the host's memory (KernelRegistration::host_inputs): an
// emulated GPU on which gather reads its indices there.
#include <gtest/gtest.h>

#include "core/plan/place.h"
#include "core/plan/plan.h"
#include "cpu_fallback/backend.h"
#include "cpu_fallback/emulated_gpu.h"
#include "tenon/tenon.h"

namespace tenon::internal {
namespace {

constexpr int kGpu = 1, kIndices = 1;

// The CPU's kernels, but for what gather asks for.
KernelRegistry kernels_with_host_indices() {
  KernelRegistry kernels;
  for (const auto& [op, dtype] : cpu_backend().kernels().list()) {
    KernelRegistration registration = *cpu_backend().kernels().find(op, dtype);
    if (op == "GatherV2") registration.host_inputs = {kIndices};
    kernels.add(op, dtype, registration);
  }
  return kernels;
}

class HostInputsTest : public ::testing::Test, public PlanEnvironment {
 protected:
  const std::vector<Device*>& devices() const override { return devices_; }
  int device_of(const Node& node) const override {
    return placement_[static_cast<size_t>(node.id)].device;
  }
  std::optional<Shape> variable_shape(const Node& variable) const override {
    return variable.attrs.get<Shape>("shape");
  }
  std::pair<int64_t, int64_t> chosen_seeds(const Node&) const override { return {1, 2}; }

  // The plan for square(gather(x, indices)), of x and `at`.
  std::shared_ptr<Plan> planned(const Output& indices) {
    const Output y = square(gather(x_, indices));
    place(*graph_.state(), devices_, {}, placement_);
    return compile(graph_.state(),
                   {.fetches = {{y.op().node(), 0}},
                    .feeds = {{{x_.op().node(), 0}, float32, {3}, {}},
                              {{at_.op().node(), 0}, int32, {2}, {}}}},
                   *this);
  }

  static const Step* step_of(const Plan& plan, std::string_view type) {
    for (const Step& step : plan.steps) {
      if (step.node->type() == type && step.kind == StepKind::kKernel) return &step;
    }
    return nullptr;
  }
  static int64_t sends_from(const Plan& plan, int device) {
    return std::count_if(plan.steps.begin(), plan.steps.end(), [&](const Step& step) {
      return step.kind == StepKind::kSend && step.device == device;
    });
  }
  static int memory_of_input(const Plan& plan, const Step& step, int input) {
    const int slot = step.inputs[static_cast<size_t>(input)];
    return plan.slots[static_cast<size_t>(slot)].memory;
  }

  const KernelRegistry kernels_ = kernels_with_host_indices();
  std::unique_ptr<Device> cpu_ = cpu_backend().open(0, "/device:CPU:0", {.threads = 1});
  std::unique_ptr<Device> gpu_ = cpu::open_emulated_gpu(kernels_, "/device:GPU:0", {.threads = 1});
  std::vector<Device*> devices_ = {cpu_.get(), gpu_.get()};
  std::vector<Placed> placement_;
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  ScopeGuard on_gpu_{device("/gpu:0")};
  Output x_ = placeholder(float32, {3}, {.name = "x"});
  Output at_ = placeholder(int32, {2}, {.name = "at"});
};

TEST_F(HostInputsTest, StayOnTheHostWhenTheyAreThere) {
  const std::shared_ptr<Plan> plan = planned(at_);
  const Step* const step = step_of(*plan, "GatherV2");
  ASSERT_NE(step, nullptr);
  EXPECT_EQ(step->device, kGpu);
  EXPECT_EQ(memory_of_input(*plan, *step, 0), kGpu);
  EXPECT_EQ(memory_of_input(*plan, *step, kIndices), kHost);
  EXPECT_EQ(sends_from(*plan, kHost), 1) << plan->to_string();  // only of x
}

TEST_F(HostInputsTest, AreSentToTheHostWhenTheGpuMakesThem) {
  const std::shared_ptr<Plan> plan = planned(at_ + 1);
  const Step* const step = step_of(*plan, "GatherV2");
  ASSERT_NE(step, nullptr);
  EXPECT_EQ(memory_of_input(*plan, *step, kIndices), kHost);
  EXPECT_EQ(sends_from(*plan, kGpu), 2) << plan->to_string();  // of at + 1, and of the result
}

// A recording would go on with the numbers that it was made with.
TEST_F(HostInputsTest, KeepTheirStepOutOfRecordings) {
  const std::shared_ptr<Plan> plan = planned(at_);
  EXPECT_FALSE(step_of(*plan, "GatherV2")->recordable);
  EXPECT_TRUE(plan->steps[plan->steps.size() - 3].recordable) << plan->to_string();  // the square
}

TEST_F(HostInputsTest, AreReadThereByTheKernel) {
  const std::unique_ptr<Queue> queue = gpu_->make_queue();
  const std::vector<float> numbers = {1, 2, 3};
  const std::vector<int32_t> at = {2, 0};
  const Tensor x = allocate_tensor(*gpu_, float32, {3}), y = allocate_tensor(*gpu_, float32, {2});
  gpu_->copy(x.raw(), numbers.data(), x.bytes(), *queue);
  const AttrMap attrs;
  const Kernel kernel = gpu_->prepare({.op = "GatherV2",
                                       .attrs = &attrs,
                                       .inputs = {{float32, {3}}, {int32, {2}}, {int32, {}}},
                                       .outputs = {{float32, {2}}},
                                       .values = {{}, {}, Tensor(0)},
                                       .device = gpu_.get()},
                                      float32);
  const void* inputs[] = {x.raw(), at.data(), nullptr};
  void* outputs[] = {y.raw()};
  kernel.launch({.inputs = inputs, .outputs = outputs, .queue = queue.get()});
  std::vector<float> picked(2);
  gpu_->copy(picked.data(), y.raw(), y.bytes(), *queue);
  EXPECT_EQ(picked, (std::vector<float>{3, 1}));
}

}  // namespace
}  // namespace tenon::internal
