// Runs over several tasks, cut into parts.
#include "core/plan/stages.h"

#include <gtest/gtest.h>

#include <mutex>
#include <string>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

class StagesTest : public ::testing::Test {
 protected:
  // The session's own task is the worker; the servers are 1 and 2.
  static int task_of(const Node& node) {
    for (const Endpoint& input : node.inputs) {  // what takes a handle is where its variable is
      const bool is_handle = input.node->output_dtypes[0] == DType::resource;
      if (is_handle && node.flow == nullptr) return task_of(*input.node);
    }
    const DeviceSpec device = DeviceSpec::from_string(node.device);
    return device.job == "ps" ? *device.task + 1 : 0;
  }
  static std::string text_of(int task) {
    return task == 0 ? "worker" : "ps" + std::to_string(task - 1);
  }

  Stages stages(const std::vector<Output>& fetches, const std::vector<Operation>& targets = {},
                const std::vector<Output>& feeds = {}) const {
    PlanRequest request;
    for (const Output& fetch : fetches)
      request.fetches.push_back({fetch.op().node(), fetch.index()});
    for (const Operation& target : targets) request.targets.push_back(target.node());
    for (const Output& feed : feeds) {
      request.feeds.push_back({.endpoint = {feed.op().node(), feed.index()}});
    }
    const std::lock_guard lock(graph_.state()->mutex);
    return cut_into_stages(*graph_.state(), request, task_of);
  }
  std::string text(const std::vector<Output>& fetches, const std::vector<Operation>& targets = {},
                   const std::vector<Output>& feeds = {}) const {
    return stages(fetches, targets, feeds).to_string(text_of);
  }
  static Variable variable(const std::string& name, int server, bool use_resource = false) {
    const ScopeGuard there = device("/job:ps/task:" + std::to_string(server));
    return get_variable(name, {.initializer = Tensor(1.0f), .use_resource = use_resource});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(StagesTest, RunsOfOneTaskAreOnePart) {
  const Output x = placeholder(float32, {}, {.name = "x"});
  const Output y = add(x, 1.0f, {.name = "y"});
  EXPECT_TRUE(stages({y}, {}, {x}).only_of(0));
  EXPECT_EQ(text({y}, {}, {x}), "0 worker: takes [x:0], gives [y:0], runs []\n");
  EXPECT_EQ(text({}, {}, {}), "");
}

TEST_F(StagesTest, AnUpdateReadsComputesAndWritesOnThreeLevels) {
  const Variable v = variable("v", 0), w = variable("w", 1);
  const Output sum = add(v, w, {.name = "sum"});
  const Operation update = v.assign(sum).op();
  EXPECT_FALSE(stages({}, {update}).only_of(0));
  EXPECT_EQ(text({}, {update}),
            "0 ps0: takes [], gives [v/read:0], runs []\n"
            "0 ps1: takes [], gives [w/read:0], runs []\n"
            "1 worker: takes [v/read:0, w/read:0], gives [sum:0], runs []\n"
            "2 ps0: takes [sum:0], gives [], runs [Assign]\n");
}

TEST_F(StagesTest, ResourceVariablesAreReadByTheirOperation) {
  const Variable v = variable("v", 0, true);
  const Output y = multiply(v, 2.0f, {.name = "y"});
  EXPECT_EQ(text({y}),
            "0 ps0: takes [], gives [ReadVariableOp:0], runs []\n"
            "1 worker: takes [ReadVariableOp:0], gives [y:0], runs []\n");
}

TEST_F(StagesTest, ReadsSeeTheWritesThatTheirReadersWaitForAndNoOthers) {
  const Variable v = variable("v", 0);
  const Output before = multiply(v, 2.0f, {.name = "before"});
  const Operation write = v.assign(Tensor(3.0f)).op();
  const ScopeGuard after = control_dependencies({write});
  const Output behind = multiply(v, 3.0f, {.name = "behind"});
  EXPECT_EQ(text({before, behind}),
            "0 ps0: takes [], gives [v/read:0], runs [Assign]\n"
            "1 worker: takes [v/read:0], gives [before:0], runs []\n"
            "1 ps0: takes [], gives [v/read:0], runs []\n"
            "2 worker: takes [v/read:0], gives [behind:0], runs []\n");
}

TEST_F(StagesTest, WritesWaitForReadersThatMustNotSeeThem) {
  const Variable v = variable("v", 0);
  const Output x = placeholder(float32, {}, {.name = "x"});
  const Output own = negative(x, {.name = "own"});
  const ScopeGuard there = device("/job:ps/task:0");
  // It reads v only when the worker's value is there; the other operation writes at once.
  const Output reader = multiply(v, own, {.name = "reader"});
  const Operation write = v.assign(Tensor(3.0f)).op();
  EXPECT_EQ(text({reader}, {write}, {x}),
            "0 worker: takes [x:0], gives [own:0], runs []\n"
            "1 ps0: takes [own:0], gives [reader:0], runs [Assign]\n");
}

TEST_F(StagesTest, WhatIsFedStandsForWhatAnotherTaskMakes) {
  const Variable v = variable("v", 0);
  const Output there = [&] {
    const ScopeGuard on = device("/job:ps/task:0");
    return add(v, 1.0f, {.name = "there"});
  }();
  const Output y = add(there, 1.0f, {.name = "y"});
  EXPECT_EQ(text({y}, {}, {there}), "0 worker: takes [there:0], gives [y:0], runs []\n");
  EXPECT_EQ(text({there}, {}, {there}), "");
}

TEST_F(StagesTest, ControlInputsCrossTasksToo) {
  const Variable v = variable("v", 0), w = variable("w", 1);
  const Operation first = v.assign(Tensor(2.0f)).op();
  const ScopeGuard after = control_dependencies({first});
  const Operation second = w.assign(Tensor(3.0f)).op();
  EXPECT_EQ(text({}, {second}),
            "0 ps0: takes [], gives [], runs [Assign]\n"
            "1 ps1: takes [], gives [], runs [Assign_1]\n");
}

TEST_F(StagesTest, RefusesBranchesThatUseVariablesOfOtherTasks) {
  const Variable v = variable("v", 0, true);
  const Output x = placeholder(bool_, {}, {.name = "x"});
  const Output y = cond(
      x, [&] { return v.read_value(); }, [] { return constant(1.0f); });
  EXPECT_ERROR(stages({y}, {}, {x}), UnimplementedError, bad_placement,
               "which is on a task of another process");
}

}  // namespace
}  // namespace tenon::internal
