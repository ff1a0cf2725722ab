// Clusters in one process: servers, sessions on them, and the variables that these share.
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using train::ClusterSpec;
using train::Server;

class ClusterTest : public ::testing::Test {
 protected:
  // Tasks with only the CPU, unless said otherwise: what a machine's GPUs change isn't told here.
  Server server(const std::string& job, int task,
                const SessionOptions& config = {.device_count = {{"GPU", 0}}}) const {
    return Server(cluster_, {.job_name = job, .task_index = task, .config = config});
  }
  Session session(const Server& on) const { return Session({.target = on.target()}); }

  // A program of a worker, in a graph of its own.
  struct Program {
    Graph graph;
    Variable v;
    Output added;
  };
  static Program program(const std::string& where, const Tensor& value, bool use_resource = false,
                         const std::string& in_container = "") {
    Program made;
    const ScopeGuard as_default = made.graph.as_default();
    const ScopeGuard there = device(where), in = container(in_container);
    made.v = get_variable("v", {.initializer = value, .use_resource = use_resource});
    made.added = made.v.assign_add(ones_like(made.v.value()));
    return made;
  }
  static Session session(const Server& on, const Program& of) {
    return Session(of.graph, {.target = on.target()});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  ClusterSpec cluster_ = {{"ps", {"ps0:2222", "ps1:2222"}}, {"worker", {"w0:2222", "w1:2222"}}};
  Server ps_0_ = server("ps", 0), ps_1_ = server("ps", 1);
  Server worker_0_ = server("worker", 0), worker_1_ = server("worker", 1);
};

TEST_F(ClusterTest, ListsTheDevicesOfAllTasksItsOwnFirst) {
  std::vector<std::string> names;
  for (const DeviceInfo& info : session(worker_1_).list_devices()) names.push_back(info.name);
  EXPECT_EQ(names, (std::vector<std::string>{"/job:worker/replica:0/task:1/device:CPU:0",
                                             "/job:ps/replica:0/task:0/device:CPU:0",
                                             "/job:ps/replica:0/task:1/device:CPU:0",
                                             "/job:worker/replica:0/task:0/device:CPU:0"}));
}

TEST_F(ClusterTest, SharesVariablesBetweenSessionsOnAnyServer) {
  for (const bool use_resource : {false, true}) {
    const Program first = program("/job:ps/task:0", Tensor(1.0f), use_resource);
    const Program second = program("/job:ps/task:0/cpu:0", Tensor(5.0f), use_resource);
    Session of_first = session(worker_0_, first), of_second = session(worker_1_, second);
    EXPECT_ERROR(of_second.run(second.v), FailedPreconditionError, uninitialized, "v");
    of_first.run(first.v.initializer());
    EXPECT_EQ(of_second.run(second.v).scalar<float>(), 1.0f);
    of_second.run(second.added);
    EXPECT_EQ(of_first.run(first.v).scalar<float>(), 2.0f);
    of_first.close();
    EXPECT_EQ(session(ps_1_, first).run(first.v).scalar<float>(), 2.0f);
  }
}

TEST_F(ClusterTest, KeepsTasksContainersAndSessionsWithoutATargetApart) {
  const Program one = program("/job:ps/task:0", Tensor(1.0f));
  session(worker_0_, one).run(one.v.initializer());
  const Program other_task = program("/job:ps/task:1", Tensor(2.0f));
  EXPECT_ERROR(session(worker_0_, other_task).run(other_task.v), FailedPreconditionError,
               uninitialized, "v");
  const Program boxed = program("/job:ps/task:0", Tensor(3.0f), false, "box");
  EXPECT_ERROR(session(worker_0_, boxed).run(boxed.v), FailedPreconditionError, uninitialized, "v");
  const Program resource = program("/job:ps/task:0", Tensor(4.0f), true);
  EXPECT_ERROR(session(worker_0_, resource).run(resource.v), FailedPreconditionError, uninitialized,
               "v");
  const Program alone = program("/cpu:0", Tensor(1.0f));
  Session(alone.graph).run(alone.v.initializer());
  EXPECT_ERROR(Session(alone.graph).run(alone.v), FailedPreconditionError, uninitialized, "v");
}

TEST_F(ClusterTest, PlacesWhatAsksForNoTaskOnTheTargetsOwn) {
  const Output x = constant(1.0f, {.name = "x"});
  const ScopeGuard job = device("/job:ps");
  const Output y = square(x, {.name = "y"});
  const PlacementReport report = session(worker_1_).explain_placement();
  EXPECT_EQ(report.operations[0].device, "/job:worker/replica:0/task:1/device:CPU:0");
  EXPECT_EQ(report.operations[1].device, "/job:ps/replica:0/task:0/device:CPU:0");
}

TEST_F(ClusterTest, RejectsAJobOrTaskThatItDoesNotHaveAndListsTheDevices) {
  for (const std::string where : {"/job:nope/task:0", "/job:ps/task:9"}) {
    Graph graph;
    const ScopeGuard as_default = graph.as_default();
    const ScopeGuard there = device(where);
    const Output lost = constant(1.0f, {.name = "lost"});
    for (const bool soft : {false, true}) {
      Session on({.target = worker_0_.target(), .allow_soft_placement = soft});
      EXPECT_ERROR(on.run(lost), InvalidArgumentError, bad_placement,
                   "lost: Operation was explicitly assigned to " + where +
                       " but available devices are [ /job:worker/replica:0/task:0/device:CPU:0, "
                       "/job:ps/replica:0/task:0/device:CPU:0");
    }
  }
}

TEST_F(ClusterTest, PlacesSoftlyOnTheTaskThatWasAskedFor) {
  const ScopeGuard there = device("/job:ps/task:1/gpu:0");
  const Output x = constant(1.0f, {.name = "x"});
  Session soft({.target = worker_0_.target(), .allow_soft_placement = true});
  EXPECT_EQ(soft.run(x).scalar<float>(), 1.0f);
  const PlacedOperation placed = soft.explain_placement().operations[0];
  EXPECT_EQ(placed.device, "/job:ps/replica:0/task:1/device:CPU:0");
  EXPECT_EQ(placed.reason,
            "soft placement: asked for /job:ps/task:1/device:GPU:0, which isn't there");
  EXPECT_ERROR(session(worker_0_).run(x), InvalidArgumentError, bad_placement, "GPU:0");
}

TEST_F(ClusterTest, RefusesAVariableThatAnotherGraphMadeOtherwise) {
  const std::string where = "/job:ps/task:0";
  const Program scalar = program(where, Tensor(1.0f));
  session(worker_0_, scalar).run(scalar.v.initializer());
  const Program vector = program(where, Tensor({1.0f, 2.0f}));
  Session on = session(worker_1_, vector);
  EXPECT_ERROR(on.run(vector.v.initializer()), InvalidArgumentError, shape_incompatible,
               "Assign requires shapes of both tensors to match. lhs shape= () rhs shape= (2,)");
  EXPECT_ERROR(on.run(vector.v), InvalidArgumentError, shape_incompatible,
               "Variable v of /job:ps/replica:0/task:0");
  EXPECT_ERROR(on.run(vector.added), InvalidArgumentError, shape_incompatible, "(2,)");
  const Program integer = program(where, Tensor(1));
  EXPECT_ERROR(session(worker_1_, integer).run(integer.v), InvalidArgumentError, dtype_incompatible,
               "Output 0 of type float32 does not match declared output type int32 for node v");
  EXPECT_EQ(session(worker_1_, scalar).run(scalar.v).scalar<float>(), 1.0f);
}

TEST_F(ClusterTest, LetsAnInitializerGiveAResourceVariableAnotherShape) {
  const Program scalar = program("/job:ps/task:0", Tensor(1.0f), true);
  session(worker_0_, scalar).run(scalar.v.initializer());
  const Program vector = program("/job:ps/task:0", Tensor({1.0f, 2.0f}), true);
  Session on = session(worker_1_, vector);
  EXPECT_ERROR(on.run(vector.added), InvalidArgumentError, shape_incompatible, "(2,)");
  on.run(vector.v.initializer());
  EXPECT_EQ(on.run(vector.v).data<float>()[1], 2.0f);
  EXPECT_ERROR(session(worker_0_, scalar).run(scalar.v), InvalidArgumentError, shape_incompatible,
               "has a value of shape (2,) from another graph");
}

TEST_F(ClusterTest, ResetClearsContainersAndClosesTheTargetsSessions) {
  const Program own = program("/job:ps/task:0", Tensor(1.0f));
  const Program boxed = program("/job:ps/task:1", Tensor(2.0f), false, "box");
  Session first = session(worker_0_, own), other = session(worker_1_, boxed);
  first.run(own.v.initializer());
  other.run(boxed.v.initializer());
  Session::reset(worker_0_.target(), {"box"});
  EXPECT_ERROR(first.run(own.v), RuntimeError, closed, "reset");
  EXPECT_ERROR(other.run(boxed.v), FailedPreconditionError, uninitialized, "v");
  EXPECT_EQ(session(worker_0_, own).run(own.v).scalar<float>(), 1.0f);
  other.run(boxed.v.initializer());
  Session::reset(worker_0_.target());
  EXPECT_ERROR(session(worker_0_, own).run(own.v), FailedPreconditionError, uninitialized, "v");
  EXPECT_EQ(other.run(boxed.v).scalar<float>(), 2.0f);
  EXPECT_ERROR(Session::reset("nonsense"), NotFoundError, bad_argument, "nonsense");
}

TEST_F(ClusterTest, AllocatesAVariableOnceForAllSessions) {
  const Program one = program("/job:ps/task:1", Tensor({1.0f, 2.0f}));
  Session a = session(worker_0_, one), b = session(worker_1_, one);
  a.run(one.v.initializer());
  b.run(one.v);
  ASSERT_EQ(b.variable_allocations().size(), 1u);
  EXPECT_EQ(b.variable_allocations()[0].device, "/job:ps/replica:0/task:1/device:CPU:0");
  EXPECT_EQ(b.variable_allocations()[0].bytes, 8u);
}

TEST_F(ClusterTest, HasEmulatedGpusPerTask) {
  const ClusterSpec pair = {{"towers", {"t0:1", "t1:1"}}};
  const Server first(pair, {.task_index = 0, .config = {.emulated_gpus = 1}});
  const Server second(pair, {.task_index = 1, .config = {.emulated_gpus = 1}});
  const Output x = placeholder(float32, {2}, {.name = "x"});
  Output y;
  {
    const ScopeGuard there = device("/job:towers/task:1/gpu:0");
    y = square(x + 1.0f, {.name = "y"});
  }
  const Output z = multiply(y, 2.0f, {.name = "z"});
  Session on({.target = first.target()});
  const Feeds feeds = {{x, Tensor({1.0f, 2.0f})}};
  EXPECT_EQ(on.run(z, feeds).data<float>()[1], 18.0f);
  EXPECT_EQ(on.explain_placement({z}, feeds).operations.back().device,
            "/job:towers/replica:0/task:0/device:GPU:0");
  EXPECT_EQ(on.explain_placement({z}, feeds).copied_bytes(), 3 * 2 * sizeof(float));
}

TEST_F(ClusterTest, ServersSayWhatIsWrong) {
  EXPECT_ERROR(server("ps", 0), FailedPreconditionError, already_exists, "ps0:2222");
  EXPECT_ERROR(server("nope", 0), InvalidArgumentError, bad_argument,
               "Job \"nope\" was not defined in cluster");
  EXPECT_ERROR(server("ps", 7), InvalidArgumentError, bad_argument,
               "Task 7 was not defined in job \"ps\"");
  EXPECT_ERROR(Server(cluster_), ValueError, bad_argument, "explicit `job_name`");
  EXPECT_ERROR(Server(cluster_, {.job_name = "ps"}), ValueError, bad_argument,
               "explicit `task_index`");
  EXPECT_ERROR(Server(ClusterSpec()), ValueError, bad_argument, "0 jobs");
  EXPECT_ERROR(Session({.target = "nonsense"}), NotFoundError, bad_argument, worker_0_.target());
  EXPECT_ERROR(Server::create_local_server({.emulated_gpus = -1}), InvalidArgumentError,
               bad_argument, "emulated_gpus");
  EXPECT_ERROR(container("a b"), ValueError, invalid_name, "'a b'");
}

TEST_F(ClusterTest, KnowsItsSpec) {
  EXPECT_EQ(worker_1_.job_name(), "worker");
  EXPECT_EQ(worker_1_.task_index(), 1);
  EXPECT_EQ(worker_1_.cluster(), cluster_);
  EXPECT_EQ(cluster_.jobs(), (std::vector<std::string>{"ps", "worker"}));
  EXPECT_EQ(cluster_.num_tasks("ps"), 2);
  EXPECT_EQ(cluster_.task_address("worker", 1), "w1:2222");
  EXPECT_ERROR(cluster_.num_tasks("nope"), ValueError, bad_argument, "nope");
  EXPECT_ERROR(cluster_.task_address("ps", 2), ValueError, bad_argument, "index 2");
}

TEST_F(ClusterTest, NamesTheTasksThatHaveNotStarted) {
  ps_1_.stop();
  EXPECT_ERROR(Session({.target = worker_0_.target(), .operation_timeout_in_ms = 1}),
               FailedPreconditionError, bad_argument, "/job:ps/replica:0/task:1. After 1 ms");
}

TEST_F(ClusterTest, ASessionWaitsForATaskThatAnotherThreadStarts) {
  ps_1_.stop();
  std::optional<Server> late;
  std::thread starter([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    late.emplace(server("ps", 1));
  });
  EXPECT_EQ(session(worker_0_).list_devices().size(), 4u);
  starter.join();
}

TEST_F(ClusterTest, StoppingAServerEndsItsTask) {
  const Program one = program("/job:ps/task:0", Tensor(1.0f));
  const Program elsewhere = program("/job:ps/task:1", Tensor(2.0f));
  Session before = session(worker_0_, one), unharmed = session(worker_0_, elsewhere);
  before.run(one.v.initializer());
  unharmed.run(elsewhere.v.initializer());
  std::thread joined([this] { ps_0_.join(); });
  ps_0_.stop();
  joined.join();
  EXPECT_ERROR(before.run(one.v), RuntimeError, closed, "/job:ps/replica:0/task:0 has stopped");
  EXPECT_EQ(unharmed.run(elsewhere.v).scalar<float>(), 2.0f);
  EXPECT_ERROR(ps_0_.start(), InvalidArgumentError, bad_argument, "was stopped");
  const Server again = server("ps", 0);
  EXPECT_ERROR(session(worker_0_, one).run(one.v), FailedPreconditionError, uninitialized, "v");
}

TEST_F(ClusterTest, ALocalServerIsAClusterOfOneTask) {
  const Server local = Server::create_local_server(), other = Server::create_local_server();
  EXPECT_NE(local.target(), other.target());
  const Program one = program("", Tensor(1.0f));
  session(local, one).run(one.v.initializer());
  EXPECT_EQ(session(local, one).run(one.v).scalar<float>(), 1.0f);
  EXPECT_ERROR(session(other, one).run(one.v), FailedPreconditionError, uninitialized, "v");
  Server later(cluster_, {.job_name = "ps", .task_index = 0, .start = false});
  EXPECT_ERROR(later.start(), FailedPreconditionError, already_exists, "ps0:2222");
}

// Between-graph replication: each worker builds the same graph and trains what the ps tasks hold.
TEST_F(ClusterTest, ConcurrentWorkersTrainTheVariablesOfTwoParameterServers) {
  constexpr int kSteps = 150;
  const auto work = [&](int task) {
    Graph graph;
    const ScopeGuard as_default = graph.as_default();
    const ScopeGuard spread = device(
        train::replica_device_setter({.worker_device = "/job:worker/task:" + std::to_string(task),
                                      .cluster = cluster_.as_dict()}));
    const Output x = placeholder(float32, {3, 2}), y = placeholder(float32, {3, 1});
    const Variable w = get_variable("w", {.shape = {2, 1}, .initializer = zeros_initializer()});
    const Variable b = get_variable("b", {.shape = {1}, .initializer = zeros_initializer()});
    const Variable steps = train::get_or_create_global_step();
    const Output loss = reduce_mean(square(matmul(x, w) + b - y));
    const Operation step = train::GradientDescentOptimizer({.learning_rate = 0.3})
                               .minimize(loss, {.global_step = steps});
    Session session({.target = (task == 0 ? worker_0_ : worker_1_).target()});
    if (task == 0) session.run(global_variables_initializer());
    while (session.run(report_uninitialized_variables()).element_count() > 0) {
      std::this_thread::yield();
    }
    // x0 + 2 x1 + 1
    const Feeds first = {{x, Tensor({{1.0f, 0.0f}, {0.0f, 1.0f}, {1.0f, 1.0f}})},
                         {y, Tensor({{2.0f}, {3.0f}, {4.0f}})}};
    const Feeds second = {{x, Tensor({{0.0f, 0.0f}, {1.0f, 0.0f}, {0.0f, 1.0f}})},
                          {y, Tensor({{1.0f}, {2.0f}, {3.0f}})}};
    const Feeds& feeds = task == 0 ? first : second;
    for (int i = 0; i < kSteps; ++i) session.run(step, feeds);
  };
  std::thread first(work, 0), second(work, 1);
  first.join();
  second.join();
  const auto variable = [](const std::string& on, const std::string& name, const Shape& shape) {
    const ScopeGuard there = device("/job:ps/task:" + on);
    return get_variable(name, {.shape = shape});
  };
  const Variable w = variable("0", "w", {2, 1}), b = variable("1", "b", {1});
  Session session({.target = ps_0_.target()});
  EXPECT_NEAR(session.run(b).data<float>()[0], 1.0f, 0.05f);
  EXPECT_NEAR(session.run(w).data<float>()[0], 1.0f, 0.05f);
  EXPECT_NEAR(session.run(w).data<float>()[1], 2.0f, 0.05f);
  const ScopeGuard there = device("/job:ps/task:0");
  const Variable steps = get_variable("global_step", {.shape = Shape{}, .dtype = int64});
  EXPECT_EQ(session.run(steps).scalar<int64_t>(), 2 * kSteps);
}

TEST_F(ClusterTest, ConcurrentRunsOfTwoSessionsLoseNoUpdate) {
  constexpr int kRuns = 100;
  const auto work = [&](const Server& on, bool backwards) {
    Graph graph;
    const ScopeGuard as_default = graph.as_default();
    std::vector<Operation> adds;
    for (const int i : {backwards ? 1 : 0, backwards ? 0 : 1}) {
      const ScopeGuard there = device("/job:ps/task:" + std::to_string(i));
      const Variable v = get_variable("c" + std::to_string(i), {.initializer = Tensor(0)});
      adds.push_back(v.assign_add(1).op());
    }
    Session session({.target = on.target()});
    for (int i = 0; i < kRuns; ++i) session.run({adds[0], adds[1]});
  };
  const ScopeGuard there = device("/job:ps/task:0");
  const Variable c0 = get_variable("c0", {.initializer = Tensor(0)});
  Variable c1;
  {
    const ScopeGuard other = device("/job:ps/task:1");
    c1 = get_variable("c1", {.initializer = Tensor(0)});
  }
  Session session({.target = ps_0_.target()});
  session.run(global_variables_initializer());
  std::thread first([&] { work(worker_0_, false); }), second([&] { work(worker_1_, true); });
  first.join();
  second.join();
  EXPECT_EQ(session.run(c0).scalar<int32_t>(), 2 * kRuns);
  EXPECT_EQ(session.run(c1).scalar<int32_t>(), 2 * kRuns);
}

}  // namespace
}  // namespace tenon
