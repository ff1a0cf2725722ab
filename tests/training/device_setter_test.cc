// Where replica_device_setter puts variables and other operations. The expected devices are
// TensorFlow's.
#include "tenon/device_setter.h"

#include <gtest/gtest.h>

#include <string>

#include "tenon/ops.h"
#include "tenon/variable_scope.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using train::greedy_load_balancing_strategy;
using train::PsStrategy;
using train::replica_device_setter;

class ReplicaDeviceSetterTest : public testing::Test {
 protected:
  static std::string device_of_variable(const std::string& name) {
    return get_variable(name, {.shape = Shape{2}}).device();
  }

  Graph graph_;
  Context as_default_ = graph_.enter_as_default();
};

TEST_F(ReplicaDeviceSetterTest, SpreadsVariablesRoundRobinOverTheTasks) {
  auto spread = device(replica_device_setter({.ps_tasks = 2}));
  EXPECT_EQ(device_of_variable("a"), "/job:ps/task:0");
  EXPECT_EQ(device_of_variable("b"), "/job:ps/task:1");
  EXPECT_EQ(device_of_variable("c"), "/job:ps/task:0");
}

TEST_F(ReplicaDeviceSetterTest, TakesTheNumberOfTasksFromACluster) {
  auto spread = device(replica_device_setter(
      {.cluster = {{"ps", {"ps0:2222", "ps1:2222", "ps2:2222"}}, {"worker", {"w0:2222"}}}}));
  EXPECT_EQ(device_of_variable("a"), "/job:ps/task:0");
  EXPECT_EQ(device_of_variable("b"), "/job:ps/task:1");
  EXPECT_EQ(device_of_variable("c"), "/job:ps/task:2");
}

TEST_F(ReplicaDeviceSetterTest, PutsOtherOperationsOnTheWorker) {
  auto spread = device(replica_device_setter({.ps_tasks = 1, .worker_device = "/job:w/task:3"}));
  EXPECT_EQ(constant(1.0f).device(), "/job:w/task:3");
}

TEST_F(ReplicaDeviceSetterTest, MergesTheDeviceInside) {
  auto spread = device(replica_device_setter({.ps_tasks = 2}));
  auto inside = device("/gpu:1");
  EXPECT_EQ(device_of_variable("a"), "/job:ps/task:0/device:GPU:1");
  EXPECT_EQ(constant(1.0f).device(), "/job:worker/device:GPU:1");
}

TEST_F(ReplicaDeviceSetterTest, LeavesAVariableOfAnotherJobWithoutATask) {
  auto spread = device(replica_device_setter({.ps_tasks = 2}));
  {
    auto inside = device("/job:local");
    EXPECT_EQ(device_of_variable("a"), "/job:local");
  }
  EXPECT_EQ(device_of_variable("b"), "/job:ps/task:0");
}

TEST_F(ReplicaDeviceSetterTest, SharingAVariableTakesNoTask) {
  auto spread = device(replica_device_setter({.ps_tasks = 3}));
  device_of_variable("a");
  {
    auto scope = variable_scope(get_variable_scope(), {.reuse = true});
    EXPECT_EQ(device_of_variable("a"), "/job:ps/task:0");
  }
  EXPECT_EQ(device_of_variable("b"), "/job:ps/task:1");
}

TEST_F(ReplicaDeviceSetterTest, LeavesADeviceAloneWithoutMerging) {
  auto spread = device(replica_device_setter({.ps_tasks = 2, .merge_devices = false}));
  EXPECT_EQ(constant(1.0f).device(), "/job:worker");
  auto inside = device("/cpu:0");
  EXPECT_EQ(constant(1.0f).device(), "/device:CPU:0");
}

TEST_F(ReplicaDeviceSetterTest, AsksTheStrategyForATask) {
  auto spread =
      device(replica_device_setter({.ps_tasks = 9, .ps_strategy = [](const Operation& op) {
                                      return op.name() == "a" ? 7 : 8;
                                    }}));
  EXPECT_EQ(device_of_variable("a"), "/job:ps/task:7");
  EXPECT_EQ(device_of_variable("b"), "/job:ps/task:8");
}

TEST_F(ReplicaDeviceSetterTest, GivesTheTaskWithTheFewestBytesTheNextVariable) {
  auto spread = device(
      replica_device_setter({.ps_tasks = 2, .ps_strategy = greedy_load_balancing_strategy(2)}));
  const auto device_of = [](const char* name, int64_t rows, DType dtype, bool use_resource) {
    return get_variable(name, {.shape = Shape{rows}, .dtype = dtype, .use_resource = use_resource})
        .device();
  };
  EXPECT_EQ(device_of("a", 100, float32, false), "/job:ps/task:0");
  EXPECT_EQ(device_of("b", 49, float64, true), "/job:ps/task:1");
  EXPECT_EQ(device_of("c", 2, float32, true), "/job:ps/task:1");   // 400 to 392 bytes
  EXPECT_EQ(device_of("d", 0, float32, false), "/job:ps/task:0");  // 400 to 400
  EXPECT_EQ(device_of("e", 1, int8, false), "/job:ps/task:0");
  EXPECT_EQ(device_of("f", 1, int8, false), "/job:ps/task:1");
  EXPECT_EQ(constant(1.0f).device(), "/job:worker");
}

TEST_F(ReplicaDeviceSetterTest, WeighsByTheCallersFunction) {
  const PsStrategy strategy = greedy_load_balancing_strategy(
      2, [](const Operation& op) { return op.name() == "a" ? 2.5 : 1.0; });
  auto spread = device(replica_device_setter({.ps_tasks = 2, .ps_strategy = strategy}));
  EXPECT_EQ(device_of_variable("a"), "/job:ps/task:0");
  for (const char* name : {"b", "c", "d"}) {
    EXPECT_EQ(device_of_variable(name), "/job:ps/task:1");
  }
  EXPECT_EQ(device_of_variable("e"), "/job:ps/task:0");
}

TEST_F(ReplicaDeviceSetterTest, RefusesWhatCannotBeWeighedOrPlaced) {
  const auto make = [](const PsStrategy& strategy) {
    auto spread = device(replica_device_setter({.ps_tasks = 2, .ps_strategy = strategy}));
    return Variable(InitialValue(placeholder(float32)), {.name = "v", .validate_shape = false});
  };
  EXPECT_ERROR(make(greedy_load_balancing_strategy(2)), ValueError, no_shape,
               "its shape is <unknown>");
  EXPECT_ERROR(make([](const Operation&) { return -1; }), ValueError, bad_argument,
               "The ps_strategy chose task -1 for operation 'v'");
  EXPECT_ERROR(make(greedy_load_balancing_strategy(2, [](const Operation&) { return -1.0; })),
               ValueError, bad_argument, "must not be negative, got -1");
  EXPECT_TRUE(global_variables().empty());
  EXPECT_ERROR(greedy_load_balancing_strategy(0), ValueError, bad_argument,
               "num_tasks must be positive, got 0");
}

TEST_F(ReplicaDeviceSetterTest, WithoutParameterServersClearsTheDevicesAround) {
  auto outer = device("/cpu:0");
  for (const train::ReplicaDeviceSetterOptions& options :
       {train::ReplicaDeviceSetterOptions{},
        train::ReplicaDeviceSetterOptions{.cluster = {{"worker", {"w0:2222"}}}}}) {
    EXPECT_FALSE(replica_device_setter(options));
    auto spread = device(replica_device_setter(options));
    EXPECT_EQ(constant(1.0f).device(), "");
  }
}

TEST_F(ReplicaDeviceSetterTest, RejectsADeviceThatDoesNotParse) {
  try {
    replica_device_setter({.ps_tasks = 1, .worker_device = "/widget:1"});
    FAIL() << "accepted";
  } catch (const ValueError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_device);
    EXPECT_NE(std::string(error.what()).find("/widget:1"), std::string::npos);
  }
}

TEST_F(ReplicaDeviceSetterTest, RejectsANegativeNumberOfTasks) {
  try {
    replica_device_setter({.ps_tasks = -1});
    FAIL() << "accepted";
  } catch (const ValueError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_argument);
    EXPECT_STREQ(error.what(), "ps_tasks must not be negative, got -1");
  }
}

}  // namespace
}  // namespace tenon
