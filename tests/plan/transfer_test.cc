#include <gtest/gtest.h>

#include "core/plan/place.h"
#include "core/plan/plan.h"
#include "cpu_fallback/backend.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

// What a session tells the passes: a CPU, an emulated GPU, and no value of any variable.
class TestEnvironment : public PlanEnvironment {
 public:
  explicit TestEnvironment(const GraphState& graph) { place(graph, devices_, {}, placement_); }
  const std::vector<Device*>& devices() const override { return devices_; }
  int device_of(const Node& node) const override {
    return placement_[static_cast<size_t>(node.id)].device;
  }
  std::optional<Shape> variable_shape(const Node& variable) const override {
    return variable.attrs.get<Shape>("shape");
  }
  std::pair<int64_t, int64_t> chosen_seeds(const Node&) const override { return {1, 2}; }

 private:
  std::unique_ptr<Device> cpu_ = cpu_backend().open(0, "/device:CPU:0", {.threads = 1});
  std::unique_ptr<Device> gpu_ = emulated_gpu_backend().open(0, "/device:GPU:0", {.threads = 1});
  std::vector<Device*> devices_ = {cpu_.get(), gpu_.get()};
  std::vector<Placed> placement_;
};

class TransferTest : public ::testing::Test {
 protected:
  // The passes up to transfer, for one fetch.
  PlanGraph transferred(const Output& fetch, const PlanEnvironment& environment) {
    const PlanRequest request{.fetches = {{fetch.op().node(), fetch.index()}},
                              .feeds = {{{x_.op().node(), 0}, float32, {2}, {}}}};
    PlanGraph plan = prune(*graph_.state(), request);
    specialise(plan, environment);
    mark_needed(plan, plan.fetches, {});
    simplify(plan);
    transfer(plan, environment);
    return plan;
  }

  static std::vector<const PlanOp*> ops(const PlanGraph& plan, StepKind kind) {
    std::vector<const PlanOp*> found;
    for (const PlanOp& op : plan.ops) {
      if (op.runs() && op.kind == kind) found.push_back(&op);
    }
    return found;
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  ScopeGuard gpu_{device("/gpu:0")};
  Output x_ = placeholder(float32, {2}, {.name = "x"});
};

TEST_F(TransferTest, SendsWhatIsFedAndWhatIsFetched) {
  const Output y = x_ * 2.0f;
  const TestEnvironment environment(*graph_.state());
  const PlanGraph plan = transferred(y, environment);
  ASSERT_EQ(ops(plan, StepKind::kSend).size(), 2u);
  ASSERT_EQ(ops(plan, StepKind::kReceive).size(), 2u);
  EXPECT_EQ(ops(plan, StepKind::kReceive)[0]->device, 1);
  EXPECT_EQ(ops(plan, StepKind::kReceive)[1]->device, kHost);
  EXPECT_EQ(plan.value(plan.fetches[0]).memory, kHost);
}

TEST_F(TransferTest, SendsNothingBetweenOperationsOfOneDevice) {
  const Output y = x_ * 2.0f;
  const Output z = square(y) - y;
  const TestEnvironment environment(*graph_.state());
  EXPECT_EQ(ops(transferred(z, environment), StepKind::kSend).size(), 2u);
}

TEST_F(TransferTest, KeepsConstantsWhereTheyAreUsed) {
  const Output y = constant(Tensor({1.0f, 2.0f})) + x_;
  const TestEnvironment environment(*graph_.state());
  EXPECT_EQ(ops(transferred(y, environment), StepKind::kSend).size(), 2u);
}

TEST_F(TransferTest, APlanWithoutOneOfItsCopiesIsRefused) {
  const Output y = square(x_);
  const TestEnvironment environment(*graph_.state());
  PlanGraph plan = transferred(y, environment);
  for (PlanOp& op : plan.ops) {
    if (op.node->type() == "Square" && op.kind == StepKind::kElementwise) op.inputs = {0};  // x
  }
  order(plan);
  Plan bound;
  EXPECT_ERROR(bind(plan, environment, bound), RuntimeError, bad_placement,
               "lies in memory of /device:CPU:0: a copy is missing from the plan");
}

}  // namespace
}  // namespace tenon::internal
