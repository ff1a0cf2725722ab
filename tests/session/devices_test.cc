// Programs over several devices: emulated GPUs, whose memory nothing else can read.
#include <gtest/gtest.h>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using ::testing::HasSubstr;

const char* const kGpu0 = "/job:localhost/replica:0/task:0/device:GPU:0";
const char* const kGpu1 = "/job:localhost/replica:0/task:0/device:GPU:1";

std::vector<float> floats(const Tensor& tensor) {
  const auto values = tensor.data<float>();
  return {values.begin(), values.end()};
}

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

class DevicesTest : public ::testing::Test {
 protected:
  static Output on(const std::string& name, const std::function<Output()>& make) {
    const ScopeGuard there = device(name);
    return make();
  }
  // Where each of a session's variables lies: "name device".
  static std::vector<std::string> allocations(const Session& session) {
    std::vector<std::string> all;
    for (const Allocation& one : session.variable_allocations()) {
      all.push_back(one.variable + " " + one.device);
    }
    return all;
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  SessionOptions two_gpus_{.emulated_gpus = 2};
};

TEST_F(DevicesTest, ListsEmulatedGpusBehindTheCpu) {
  const Session session(two_gpus_);
  const std::vector<DeviceInfo> devices = session.list_devices();
  ASSERT_EQ(devices.size(), 3u);
  EXPECT_EQ(devices[0].device_type, "CPU");
  EXPECT_EQ(devices[2].name, kGpu1);
  EXPECT_EQ(devices[2].device_type, "GPU");
  EXPECT_THAT(devices[2].description, HasSubstr("emulated"));
}

TEST_F(DevicesTest, HasNoMoreGpusThanTheDeviceCountAllows) {
  const Session session({.device_count = {{"GPU", 1}}, .emulated_gpus = 3});
  EXPECT_EQ(session.list_devices().size(), 2u);
  EXPECT_ERROR(Session({.emulated_gpus = -1}), InvalidArgumentError, bad_argument, "emulated_gpus");
}

TEST_F(DevicesTest, SeesTheGpusOfItsList) {
  const auto count = [](const char* list) {
    return Session({.emulated_gpus = 3, .visible_device_list = list}).list_devices().size();
  };
  EXPECT_EQ(count(""), 4u);
  EXPECT_EQ(count("1"), 2u);
  EXPECT_EQ(count("2,0"), 3u);
  EXPECT_ERROR(count("3"), InvalidArgumentError, bad_argument, "invalid GPU id '3'");
  EXPECT_ERROR(count("1,1"), InvalidArgumentError, bad_argument, "duplicate GPU id 1");
  EXPECT_ERROR(count("x"), InvalidArgumentError, bad_argument, "Could not parse entry");
}

TEST_F(DevicesTest, RunsOnTheFirstGpuWhatAsksForNothing) {
  const Output x = placeholder(float32, {2});
  const Output y = x * 2.0f;
  Session session(two_gpus_);
  EXPECT_EQ(floats(session.run(y, {{x, Tensor({1.0f, 2.0f})}})), (std::vector<float>{2, 4}));
  EXPECT_THAT(session.plan_text({y}, {{x, Tensor({1.0f, 2.0f})}}),
              HasSubstr("on /device:GPU:0 by emulated"));
}

TEST_F(DevicesTest, LogsWhereEachOperationIsPlacedOnce) {
  const Output here = on("/cpu:0", [] { return constant(1.0f, {.name = "here"}); });
  const Output there = on("/gpu:1", [&] { return square(here, {.name = "there"}); });
  Session session({.log_device_placement = true, .emulated_gpus = 2});
  ::testing::internal::CaptureStderr();
  session.run(there);
  session.run(there);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            std::string("here: (Const): /job:localhost/replica:0/task:0/device:CPU:0\n") +
                "there: (Square): " + kGpu1 + "\n");
}

TEST_F(DevicesTest, KeepsStringsOnTheHost) {
  const Output text = constant(Tensor("text"));
  Session session(two_gpus_);
  EXPECT_EQ(session.run(identity(text)).scalar<std::string>(), "text");
  const Output forced = on("/gpu:0", [] { return constant(Tensor("b"), {.name = "forced"}); });
  EXPECT_ERROR(session.run(text), InvalidArgumentError, bad_placement, "forced");
  EXPECT_ERROR(session.run(text), InvalidArgumentError, bad_placement, kGpu1);
  Session soft({.allow_soft_placement = true, .emulated_gpus = 2});
  EXPECT_EQ(soft.run(forced).scalar<std::string>(), "b");
}

TEST_F(DevicesTest, SendsAValueOnceToEachDeviceThatUsesIt) {
  const Output x = on("/cpu:0", [] { return placeholder(float32, {2}) + 1.0f; });
  std::vector<Fetch> fetches;
  for (const std::string name : {"/gpu:0", "/gpu:1", "/gpu:1"}) {
    fetches.emplace_back(on(name, [&] { return reduce_sum(x) + reduce_max(reshape(x, {2, 1})); }));
  }
  Session session(two_gpus_);
  const Feeds feeds = {{x, Tensor({1.0f, 3.0f})}};
  for (const Tensor& result : session.run(fetches, feeds)) EXPECT_EQ(result.scalar<float>(), 7.0f);
  const std::string plan = session.plan_text(fetches, feeds);
  EXPECT_EQ(count(plan, "from /device:CPU:0"), 2) << plan;
  EXPECT_EQ(count(plan, "from /device:GPU:0"), 1) << plan;
  EXPECT_EQ(count(plan, "from /device:GPU:1"), 2) << plan;
}

// A device function of towers knows variables alone: what works on a handle goes with it.
TEST_F(DevicesTest, WorksOnAResourceVariableWhereItIs) {
  const DeviceFunction towers = [](const Operation& op) -> std::string {
    return op.type() == "VarHandleOp" || op.type() == "VariableV2" ? "/cpu:0" : "/gpu:0";
  };
  for (const bool resource : {false, true}) {
    const Graph graph;
    auto as_default = graph.as_default();
    const ScopeGuard there = device(towers);
    const Variable w = get_variable("w", {.initializer = {1.0f, 2.0f}, .use_resource = resource});
    const Output y = w * 2.0f, added = w.assign_add({1.0f, 1.0f});
    const Output scattered = w.scatter_add({1}, {5.0f});
    Session session({.emulated_gpus = 1});
    session.run(global_variables_initializer());
    EXPECT_EQ(floats(session.run(y)), (std::vector<float>{2, 4}));
    EXPECT_EQ(floats(session.run(added)), (std::vector<float>{2, 3}));
    EXPECT_EQ(floats(session.run(scattered)), (std::vector<float>{2, 8}));
    EXPECT_TRUE(session.run(w.is_initialized()).scalar<bool>());
    EXPECT_THAT(
        allocations(session),
        ::testing::ElementsAre(HasSubstr("w /job:localhost/replica:0/task:0/device:CPU:0")));
  }
}

TEST_F(DevicesTest, ReadsAResourceVariableUnderAnotherDevice) {
  const Variable w = [] {
    const ScopeGuard there = device("/cpu:0");
    return get_variable("w", {.initializer = {1.0f, 2.0f}, .use_resource = true});
  }();
  const Output y = on("/gpu:0", [&] { return w * 2.0f; });
  Session session({.emulated_gpus = 1});
  session.run(global_variables_initializer());
  EXPECT_EQ(floats(session.run(y)), (std::vector<float>{2, 4}));
}

TEST_F(DevicesTest, SendsFromGpuToGpu) {
  const Output x = placeholder(float32, {-1});
  const Output first = on("/gpu:0", [&] { return square(x); });
  const Output second = on("/gpu:1", [&] { return first + first; });
  Session session(two_gpus_);
  EXPECT_EQ(floats(session.run(second, {{x, Tensor({3.0f})}})), std::vector<float>{18});
  EXPECT_EQ(session.run(second, {{x, Tensor(float32, {0})}}).shape(), Shape({0}));
}

TEST_F(DevicesTest, ReadsBeforeAndAfterAWriteAreCopiesOfTheirOwn) {
  Variable v;
  {
    const ScopeGuard there = device("/gpu:0");
    v = Variable(Tensor({1.0f, 2.0f}), {.name = "v"});
  }
  const Output before = on("/gpu:1", [&] { return v * 10.0f; });
  const Output write = v.assign_add(Tensor({1.0f, 1.0f}));
  Output after;
  {
    const ScopeGuard wait = control_dependencies({write});
    after = on("/gpu:1", [&] { return v.read_value() * 10.0f; });
  }
  Session session(two_gpus_);
  session.run(v.initializer());
  const std::vector<Tensor> values = session.run({before, after, write});
  EXPECT_EQ(floats(values[0]), (std::vector<float>{10, 20}));
  EXPECT_EQ(floats(values[1]), (std::vector<float>{20, 30}));
  EXPECT_EQ(floats(values[2]), (std::vector<float>{2, 3}));
}

TEST_F(DevicesTest, KnowsWhichVariablesOfAGpuHaveAValue) {
  const ScopeGuard there = device("/gpu:1");
  const Variable v = Variable(Tensor({1.0f}), {.name = "v"});
  const Variable w = Variable(v.initialized_value() * 2.0f, {.name = "w"});
  Session session(two_gpus_);
  EXPECT_EQ(session.run(report_uninitialized_variables()).element_count(), 2);
  session.run(w.initializer());
  EXPECT_EQ(floats(session.run(w)), std::vector<float>{2});
  session.run(v.initializer());
  EXPECT_EQ(session.run(report_uninitialized_variables()).element_count(), 0);
  EXPECT_EQ(allocations(session),
            (std::vector<std::string>{std::string("v ") + kGpu1, std::string("w ") + kGpu1}));
}

TEST_F(DevicesTest, PlansTheRestWhenAShapeHangsOnAValueOfAGpu) {
  const Output size = placeholder(int32, {});
  const Output filled = on("/gpu:1", [&] {
    return fill(stack({size + 1, size}), Tensor(1.0f)) * 2.0f;
  });
  Session session(two_gpus_);
  EXPECT_EQ(session.run(filled, {{size, Tensor(2)}}).shape(), Shape({3, 2}));
  EXPECT_EQ(session.run(reduce_sum(filled), {{size, Tensor(2)}}).scalar<float>(), 12.0f);
}

TEST_F(DevicesTest, DrawsTheSameNumbersOnEveryDevice) {
  const auto draw = [] { return random_normal({5}, {.seed = 7}); };
  const Output first = on("/cpu:0", draw), second = on("/gpu:1", draw);
  Session session(two_gpus_);
  EXPECT_EQ(floats(session.run(first)), floats(session.run(second)));
}

TEST_F(DevicesTest, NamesWhoHoldsMemoryWhenThereIsNoMore) {
  const ScopeGuard there = device("/gpu:0");
  const Variable small = Variable(zeros({1000}), {.name = "small"});
  const Variable large = Variable(zeros({10000}), {.name = "large"});
  const Variable huge = Variable(zeros({100000}), {.name = "huge"});
  Session session({.emulated_gpus = 1, .gpu_memory_limit = 200000});
  EXPECT_EQ(session.list_devices()[1].memory_limit, 200000u);
  session.run(small.initializer());
  session.run(large.initializer());
  EXPECT_ERROR(
      session.run(huge.initializer()), ResourceExhaustedError, resource_exhausted,
      std::string("40000 bytes: variable large on ") + kGpu0 + "\n  4000 bytes: variable small");
  EXPECT_EQ(floats(session.run(reduce_sum(large)))[0], 0.0f);
  EXPECT_EQ(session.variable_allocations().size(), 2u);
}

TEST_F(DevicesTest, GivesUpMemoryOfIdlePlansBeforeItFails) {
  const Output x = placeholder(float32, {-1});
  const Output y =
      on("/cpu:0", [&] { return reduce_sum(cumsum(x) * cumsum(x, {.reverse = true})); });
  Session session({.cpu_memory_limit = 60000});
  for (const int64_t size : {3000, 3100, 3200, 3300}) {
    EXPECT_EQ(session.run(y, {{x, Tensor(float32, {size})}}).scalar<float>(), 0.0f);
  }
  EXPECT_ERROR(session.run(y, {{x, Tensor(float32, {1000000})}}), ResourceExhaustedError,
               resource_exhausted, "");
}

// Two towers on two GPUs that share their weights.
struct TowersCase {
  std::string name, weights_on;
  CachingDevice cached_on = {};
  std::vector<std::string> receivers;  // of the weights, in one run

  friend std::ostream& operator<<(std::ostream& out, const TowersCase& of) {
    return out << of.name;
  }
};

class TowersTest : public DevicesTest, public ::testing::WithParamInterface<TowersCase> {
 protected:
  TowersTest() {
    for (const int tower : {0, 1}) {
      xs_.push_back(placeholder(float32, {2, 3}));
      const ScopeGuard there = device("/gpu:" + std::to_string(tower));
      const auto scope = variable_scope("model", {.reuse = tower > 0});
      losses_.push_back(loss(xs_.back()));
    }
    const Output loss = add_n({losses_[0], losses_[1]});
    train_ = train::GradientDescentOptimizer({.learning_rate = 0.05}).minimize(loss);
  }

  // The loss of one tower; both read w twice.
  static Output loss(const Output& x) {
    Variable w;
    {
      const ScopeGuard there = device(GetParam().weights_on);
      w = get_variable("w", {.shape = {3, 2},
                             .initializer = constant_initializer(0.5),
                             .caching_device = GetParam().cached_on});
    }
    return reduce_sum(square(matmul(x, w))) + reduce_sum(matmul(x, w));
  }

  static Variable get_variable_of_model() {
    const auto scope = variable_scope("model", {.reuse = true});
    const ScopeGuard there = device(GetParam().weights_on);
    return get_variable("w", {.caching_device = GetParam().cached_on});
  }

  Feeds feeds() const {
    return {{xs_[0], Tensor::from<float>(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3})},
            {xs_[1], Tensor::from<float>(std::vector<float>{0, 1, 0, -1, 2, 1}, {2, 3})}};
  }

  std::vector<Output> xs_, losses_;
  Operation train_;
};

TEST_P(TowersTest, TrainOneSetOfWeightsAsOneDeviceWould) {
  const SessionOptions only_cpu = {.allow_soft_placement = true, .device_count = {{"GPU", 0}}};
  std::vector<std::vector<float>> weights, losses;
  for (const SessionOptions& options : {only_cpu, two_gpus_}) {
    Session session(options);
    session.run(global_variables_initializer());
    for (int i = 0; i < 3; ++i) session.run(train_, feeds());
    weights.push_back(floats(session.run("model/w:0")));
    losses.push_back(floats(session.run(losses_[1], feeds())));
    EXPECT_EQ(session.variable_allocations().size(), 1u);
  }
  EXPECT_EQ(weights[0], weights[1]);
  EXPECT_EQ(losses[0], losses[1]);
  EXPECT_NE(weights[0], std::vector<float>(6, 0.5f));
}

TEST_P(TowersTest, CopyTheWeightsOnceARunAndDevice) {
  Session session(two_gpus_);
  session.run(global_variables_initializer());
  EXPECT_EQ(allocations(session)[0],
            "model/w " + std::string(GetParam().weights_on == "/gpu:0" ? kGpu0
                                     : GetParam().weights_on == "/gpu:1"
                                         ? kGpu1
                                         : "/job:localhost/replica:0/task:0/device:CPU:0"));
  const std::string plan = session.plan_text({train_, losses_[0], losses_[1]}, feeds());
  std::vector<std::string> receivers;
  std::istringstream lines(plan);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("receive ") && line.find(" model/w") != std::string::npos) {
      const size_t at = line.find("/device:");
      receivers.push_back(line.substr(at, line.find(' ', at) - at));
    }
  }
  std::sort(receivers.begin(), receivers.end());
  EXPECT_EQ(receivers, GetParam().receivers) << plan;
}

TEST_P(TowersTest, NeverReadAStaleCopy) {
  const Variable w = get_variable_of_model();
  const Output assigned = w.assign(Tensor(float32, {3, 2}));
  const Output scattered = w.scatter_add(Tensor({0}), Tensor({{1.0f, 1.0f}}));
  Session session(two_gpus_);
  session.run(global_variables_initializer());
  const float before = session.run(losses_[1], feeds()).scalar<float>();
  session.run(assigned);
  EXPECT_NE(before, 0.0f);
  EXPECT_EQ(session.run(losses_[1], feeds()).scalar<float>(), 0.0f);
  session.run(scattered);
  EXPECT_EQ(session.run(losses_[0], feeds()).scalar<float>(), 2 * (1 + 16) + 2 * (1 + 4));
  EXPECT_EQ(session.run(losses_[1], feeds()).scalar<float>(), 2 * (0 + 1) + 2 * (0 - 1));
}

INSTANTIATE_TEST_SUITE_P(
    Weights, TowersTest,
    ::testing::Values(TowersCase{"OnTheCpu", "/cpu:0", {}, {"/device:GPU:0", "/device:GPU:1"}},
                      TowersCase{
                          "OnTheCpuCached", "/cpu:0", "/gpu:1", {"/device:GPU:0", "/device:GPU:1"}},
                      TowersCase{"OnAGpu", "/gpu:0", {}, {"/device:GPU:1"}},
                      TowersCase{"OnAGpuCached", "/gpu:0", "/gpu:1", {"/device:GPU:1"}},
                      TowersCase{"OnTheOtherGpu", "/gpu:1", {}, {"/device:GPU:0"}}),
    [](const auto& param_info) { return param_info.param.name; });

}  // namespace
}  // namespace tenon
