// Where replica_device_setter puts variables and other operations. The expected devices are
// TensorFlow's.
#include "tenon/device_setter.h"

#include <gtest/gtest.h>

#include <string>

#include "tenon/ops.h"
#include "tenon/variable_scope.h"

namespace tenon {
namespace {

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
