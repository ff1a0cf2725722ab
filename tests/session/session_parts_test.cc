// The parts of a session, each for itself: its own task, devices, variables, random streams, calls.
#include <gtest/gtest.h>

#include "core/session/call_pool.h"
#include "core/session/devices.h"
#include "core/session/graph_placement.h"
#include "core/session/random_streams.h"
#include "core/session/session_devices.h"
#include "core/session/session_variables.h"
#include "core/tensor/buffer.h"
#include "core/transport/single_task.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

class SessionPartsTest : public ::testing::Test {
 protected:
  static std::shared_ptr<Transport> task_with_a_gpu() {
    return single_task(
        open_devices({.emulated_gpus = 1, .threads = 1}, "/job:localhost/replica:0/task:0"));
  }
  const Node& node(const Operation& op) const { return *op.node(); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  std::shared_ptr<Transport> transport_ = task_with_a_gpu();
};

TEST_F(SessionPartsTest, ATaskHasOneVariableOfAKeyUntilItIsClosed) {
  Device& cpu = *transport_->devices()[0];
  const VariableKey key{.device = cpu.name(), .container = "", .type = "VariableV2", .name = "v"};
  VariableKey other = key;
  other.name = "w";
  const std::shared_ptr<VariableStorage> storage = transport_->variable(key, cpu);
  EXPECT_EQ(transport_->variable(key, cpu), storage);
  EXPECT_NE(transport_->variable(other, cpu), storage);
  storage->value = Tensor(1.0f);
  transport_->check_open();
  transport_->check_running({true, true});
  transport_->close();
  EXPECT_FALSE(storage->initialized());
  EXPECT_ERROR(transport_->check_open(), RuntimeError, closed, "closed Session");
}

TEST_F(SessionPartsTest, DevicesKnowWhereATensorLies) {
  const auto devices = std::make_shared<SessionDevices>(transport_);
  EXPECT_EQ(devices->gpu(0), 1);
  EXPECT_ERROR(devices->gpu(1), InvalidArgumentError, bad_device, "no GPU 1");
  EXPECT_EQ(devices->list()[1].device_type, "GPU");
  EXPECT_EQ(devices->memory_holding(Tensor(1.0f)), 0);
  const Tensor there = devices->make_tensor(1, float32, {2});
  EXPECT_EQ(devices->memory_holding(there), 1);
  const auto named = [](const std::string& name) {
    static float number = 0;
    return Tensor(float32, {},
                  std::make_shared<Tensor::Buffer>(&number, sizeof number, intern_device(name),
                                                   std::function<void()>()),
                  0);
  };
  EXPECT_EQ(devices->memory_holding(named("/device:GPU:0")), 1) << "whatever its task";
  EXPECT_ERROR(devices->memory_holding(named("/device:GPU:7")), ValueError, bad_feed, "GPU:7");
}

TEST_F(SessionPartsTest, ATensorOnADeviceKeepsTheDevicesAlive) {
  auto devices = std::make_shared<SessionDevices>(transport_);
  Tensor there = devices->make_tensor(1, float32, {2});
  const std::weak_ptr<SessionDevices> alive = devices;
  devices.reset();
  transport_.reset();
  EXPECT_FALSE(alive.expired());
  there = Tensor();
  EXPECT_TRUE(alive.expired());
}

TEST_F(SessionPartsTest, VariablesAreAskedForOnceAndListedInTheOrderOfTheGraph) {
  const Variable first(1.0f, {.name = "first"}), second(2.0f, {.name = "second"});
  SessionVariables variables(*transport_);
  Device& cpu = *transport_->devices()[0];
  VariableStorage& of_second = variables.at(node(second.op()), cpu);
  VariableStorage& of_first = variables.at(node(first.op()), cpu);
  EXPECT_EQ(&variables.at(node(second.op()), cpu), &of_second);
  EXPECT_TRUE(variables.allocations().empty());
  of_second.value = Tensor(2.0f);
  of_first.value = Tensor({1.0f, 1.0f});
  const std::vector<Allocation> allocations = variables.allocations();
  ASSERT_EQ(allocations.size(), 2u);
  EXPECT_EQ(allocations[0].variable, "first");
  EXPECT_EQ(allocations[0].bytes, 8u);
  EXPECT_EQ(allocations[1].variable, "second");
}

TEST_F(SessionPartsTest, EveryRandomOperationHasAStreamOfItsOwn) {
  const Output a = random_uniform({2}), b = random_uniform({2});
  RandomStreams streams, others;
  RandomStream& of_a = streams.at(node(a.op()));
  EXPECT_EQ(&streams.at(node(a.op())), &of_a);
  EXPECT_NE(&streams.at(node(b.op())), &of_a);
  EXPECT_NE(others.at(node(a.op())).seeds, of_a.seeds);
  EXPECT_NE(of_a.seeds.first, 0) << "0 stands for a seed that nobody chose";
}

TEST_F(SessionPartsTest, PlacesWhatTheGraphHasGrownBy) {
  const SessionOptions options;
  const SessionDevices devices(transport_);
  const Output on_cpu = [] {
    const ScopeGuard here = device("/cpu:0");
    return constant(1.0f);
  }();
  GraphPlacement placement(*graph_.state(), devices, options);
  const std::lock_guard lock(graph_.state()->mutex);
  placement.extend();
  EXPECT_EQ(placement.list().size(), 1u);
  EXPECT_EQ(placement.device_of(node(on_cpu.op())), 0);
  const Output anywhere = constant(2.0f);
  placement.extend();
  EXPECT_EQ(placement.device_of(node(anywhere.op())), 1);
  EXPECT_EQ(placement.list()[1].reason, "asked for nothing");
}

TEST_F(SessionPartsTest, CallsAreMadeInTheRoomOfEarlierOnes) {
  CallPool pool;
  const ResolvedCall* room = nullptr;
  {
    const LeasedCall call(pool), other(pool);
    room = &*call;
    EXPECT_NE(&*other, room);
    call->assign({.fetches = {}, .targets = {}, .feeds = {{}, {}}},
                 std::vector<Tensor>(2, Tensor(1.0f)));
    EXPECT_EQ(call->values().size(), 2u);
  }
  const LeasedCall first(pool), second(pool);
  EXPECT_TRUE(&*first == room || &*second == room);
  EXPECT_TRUE(first->values().empty());
  EXPECT_TRUE(second->values().empty());
}

}  // namespace
}  // namespace tenon::internal
