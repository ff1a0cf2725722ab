// Passes run one by one over small graphs.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/passes.h"
#include "core/plan/place.h"
#include "core/plan/plan.h"
#include "cpu_fallback/backend.h"
#include "tenon/tenon.h"

namespace tenon::internal {

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

// A graph of its own, on the CPU, and the plan of a request behind one pass.
class PassTest : public ::testing::Test {
 protected:
  // The plan behind the passes up to and with the one of that name, verified behind each.
  void run_to(std::string_view last, const std::vector<Output>& fetches,
              const std::vector<Operation>& targets = {}) {
    environment_ = std::make_unique<TestEnvironment>(*graph_.state());
    request_ = {};
    for (const Output& fetch : fetches) {
      request_.fetches.push_back({fetch.op().node(), fetch.index()});
    }
    for (const Operation& target : targets) request_.targets.push_back(target.node());
    request_.feeds = {{.endpoint = {x_.op().node(), 0}, .dtype = float32, .shape = {2}}};
    plan_ = PlanGraph();
    bound_ = std::make_unique<Plan>();
    PassContext context{*graph_.state(), request_, *environment_, *bound_};
    for (const Pass& pass : passes()) {
      pass.run(plan_, context);
      plan_.tidy();
      plan_.verify(pass.name);
      if (pass.name == last) return;
    }
    FAIL() << "no pass is named " << last;
  }

  // Names of the operations of a kind, in order.
  std::vector<std::string> names(StepKind kind) const {
    std::vector<std::string> found;
    for (const OpId id : plan_.ops()) {
      if (plan_.op(id).kind == kind) found.push_back(plan_.op(id).node->name);
    }
    return found;
  }
  // Operations of a kind, in the order of making.
  std::vector<OpId> of_kind(StepKind kind) const {
    std::vector<OpId> found;
    for (const OpId id : plan_.ops()) {
      if (plan_.op(id).kind == kind) found.push_back(id);
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const OpId id : plan_.ops()) found.push_back(plan_.op(id).node->name);
    return found;
  }
  // The operation of that name and kind; the test fails where there is none.
  OpId find(std::string_view name, StepKind kind) const {
    for (const OpId id : plan_.ops()) {
      if (plan_.op(id).node->name == name && plan_.op(id).kind == kind) return id;
    }
    ADD_FAILURE() << "no " << name << " in\n" << plan_.to_string();
    return plan_.ops().front();
  }
  // Whether one operation comes before another in the plan's order.
  bool comes_before(OpId first, OpId second) const {
    const auto at = [&](OpId id) { return std::find(plan_.ops().begin(), plan_.ops().end(), id); };
    return at(first) < at(second);
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  ScopeGuard cpu_{device("/cpu:0")};
  Output x_ = placeholder(float32, {2}, {.name = "x"});
  std::unique_ptr<TestEnvironment> environment_;
  PlanRequest request_;
  std::unique_ptr<Plan> bound_;
  PlanGraph plan_;
};

// The same, its operations on the emulated GPU unless they ask for another device.
class GpuPassTest : public PassTest {
 protected:
  ScopeGuard gpu_{device("/gpu:0")};
};

}  // namespace tenon::internal
