#include "tenon/session.h"

#include <gtest/gtest.h>

#include <thread>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class SessionTest : public ::testing::Test {
 protected:
  static std::vector<float> floats(const Tensor& tensor) {
    const auto values = tensor.data<float>();
    return {values.begin(), values.end()};
  }
  static Variable variable(std::string name, const Tensor& value) {
    return Variable(value, {.name = std::move(name)});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(SessionTest, RunsWhatIsFetched) {
  const Output x = constant(Tensor({1.0f, 2.0f}));
  Session session;
  EXPECT_EQ(floats(session.run(x + 1.0f)), (std::vector<float>{2, 3}));
}

TEST_F(SessionTest, FeedsPlaceholdersOfUnknownSizes) {
  const Output x = placeholder(float32, {-1, 2}, {.name = "x"});
  const Output sums = reduce_sum(x, {.axis = 1});
  Session session;
  EXPECT_EQ(floats(session.run(sums, {{x, Tensor({{1.0f, 2.0f}})}})), (std::vector<float>{3}));
  EXPECT_EQ(floats(session.run("Sum:0", {{"x:0", Tensor({{1.0f, 2.0f}, {3.0f, 4.0f}})}})),
            (std::vector<float>{3, 7}));
  EXPECT_EQ(floats(session.run(sums, {{x, Tensor(float32, {0, 2})}})), (std::vector<float>{}));
}

TEST_F(SessionTest, FeedsAnyTensorInPlaceOfItsValue) {
  const Output x = constant(1.0f);
  const Output y = x + 1.0f;
  const Output z = y * 3.0f;
  Session session;
  EXPECT_EQ(session.run(z, {{y, Tensor(10.0f)}}).scalar<float>(), 30.0f);
  EXPECT_EQ(session.run(z).scalar<float>(), 6.0f);
}

TEST_F(SessionTest, FetchesInTheOrderAskedEachOnce) {
  const Output x = constant(1.0f);
  const Output y = x + 1.0f;
  const Variable v = variable("v", Tensor(5.0f));
  Session session;
  session.run(v.initializer());
  const std::vector<Tensor> values = session.run({y, v, v.initializer(), y, x});
  EXPECT_EQ(values[0].scalar<float>(), 2.0f);
  EXPECT_EQ(values[1].scalar<float>(), 5.0f);
  EXPECT_FALSE(static_cast<bool>(values[2]));
  EXPECT_EQ(values[3].scalar<float>(), 2.0f);
  EXPECT_EQ(values[4].scalar<float>(), 1.0f);
}

TEST_F(SessionTest, KeepsVariablesBetweenRunsAndWhileTheGraphGrows) {
  const Variable v = variable("v", Tensor(1.0f));
  const Output add = v.assign_add(2.0f);
  Session session;
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run(add).scalar<float>(), 3.0f);
  EXPECT_EQ(session.run(add).scalar<float>(), 5.0f);
  const Output later = v * 10.0f;
  EXPECT_EQ(session.run(later).scalar<float>(), 50.0f);
}

TEST_F(SessionTest, GivesEachSessionValuesOfItsOwn) {
  const Variable v = variable("v", Tensor(1.0f));
  const Output add = v.assign_add(1.0f);
  Session first, second;
  first.run(v.initializer());
  first.run(add);
  EXPECT_ERROR(second.run(v), FailedPreconditionError, uninitialized, "v");
  second.run(v.initializer());
  EXPECT_EQ(first.run(v).scalar<float>(), 2.0f);
  EXPECT_EQ(second.run(v).scalar<float>(), 1.0f);
}

TEST_F(SessionTest, ListsAllUninitializedVariablesOfARun) {
  const Variable a = variable("a", Tensor(1.0f)), b = variable("b", Tensor(1.0f));
  const Variable unused = variable("unused", Tensor(1.0f));
  const Output sum = a + b;
  Session session;
  try {
    session.run(sum);
    FAIL();
  } catch (const FailedPreconditionError& error) {
    EXPECT_EQ(error.kind(), ErrorKind::uninitialized);
    EXPECT_THAT(error.what(), ::testing::ContainsRegex("initialised: a .made at .*, b .made at "));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("global_variables_initializer"));
    EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("unused")));
  }
}

TEST_F(SessionTest, ReadsAVariableOfStringsAsItDoesOthers) {
  const auto strings = [](const char* first, const char* second) {
    return Tensor::from<std::string>(std::vector<std::string>{first, second}, {2});
  };
  for (const bool use_resource : {false, true}) {
    const Variable v(InitialValue(strings("a", "b")), {.use_resource = use_resource});
    const Output read = v.value(), write = v.assign(strings("c", "d"));
    Session session;
    EXPECT_ERROR(session.run(read), FailedPreconditionError, uninitialized, v.op().name());
    EXPECT_ERROR(session.run(identity(read)), FailedPreconditionError, uninitialized,
                 v.op().name());
    session.run(v.initializer());
    const std::vector<Tensor> values = session.run({read, write});
    EXPECT_EQ(values[0].data<std::string>()[1], "b");
    EXPECT_EQ(values[1].data<std::string>()[1], "d");
    EXPECT_EQ(session.run(read).data<std::string>()[0], "c");
  }
}

TEST_F(SessionTest, ReadsTheValueFromBeforeTheRunUnlessOrderedAfterAWrite) {
  const Variable v = variable("v", Tensor(1.0f));
  const Output before = v + 0.0f;
  const Output write = v.assign(7.0f);
  Output after;
  {
    const ScopeGuard wait = control_dependencies({write});
    after = v.read_value();
  }
  Session session;
  session.run(v.initializer());
  const std::vector<Tensor> values = session.run({after, write, before});
  EXPECT_EQ(values[0].scalar<float>(), 7.0f);
  EXPECT_EQ(values[1].scalar<float>(), 7.0f);
  EXPECT_EQ(values[2].scalar<float>(), 1.0f);
}

TEST_F(SessionTest, SwapsTwoVariablesInOneRun) {
  const Variable a = variable("a", Tensor(1.0f)), b = variable("b", Tensor(2.0f));
  const Operation swap = group({a.assign(b).op(), b.assign(a).op()});
  Session session;
  session.run(global_variables_initializer());
  session.run(swap);
  EXPECT_EQ(session.run(a).scalar<float>(), 2.0f);
  EXPECT_EQ(session.run(b).scalar<float>(), 1.0f);
}

TEST_F(SessionTest, CopiesAReadThatIsUsedAfterAWrite) {
  const Variable v = variable("v", Tensor(1.0f));
  const Output old = identity(v);
  const Output write = v.assign(old + 1.0f);
  Output used_later;
  {
    const ScopeGuard wait = control_dependencies({write});
    used_later = old * 10.0f;
  }
  Session session;
  session.run(v.initializer());
  EXPECT_EQ(session.run(used_later).scalar<float>(), 10.0f);
  EXPECT_EQ(session.run(v).scalar<float>(), 2.0f);
}

TEST_F(SessionTest, ReadsThatWantToComeBeforeEachOthersWritesSeeOldValues) {
  const Variable a = variable("a", Tensor(1.0f)), b = variable("b", Tensor(2.0f));
  const Output write_a = a.assign(10.0f), write_b = b.assign(20.0f);
  Output read_a, read_b;
  {
    const ScopeGuard wait = control_dependencies({write_b});
    read_a = identity(a);
  }
  {
    const ScopeGuard wait = control_dependencies({write_a});
    read_b = identity(b);
  }
  Session session;
  session.run(global_variables_initializer());
  const std::vector<Tensor> values = session.run({read_a, read_b});
  EXPECT_EQ(values[0].scalar<float>(), 1.0f);
  EXPECT_EQ(values[1].scalar<float>(), 2.0f);
}

TEST_F(SessionTest, HandsOutTensorsThatLaterRunsDoNotChange) {
  const Variable v = variable("v", Tensor({1.0f, 2.0f}));
  Session session;
  session.run(v.initializer());
  const Tensor value = session.run(v);
  session.run(v.assign_add(Tensor({1.0f, 1.0f})));
  EXPECT_EQ(floats(value), (std::vector<float>{1, 2}));
}

TEST_F(SessionTest, RunsWhatAFetchWaitsForEvenWhenItsValueIsKnown) {
  const Variable v = variable("v", Tensor(1.0f));
  const Output write = v.assign(3.0f);
  Output known;
  {
    const ScopeGuard wait = control_dependencies({write});
    known = constant(4.0f);
  }
  Session session;
  session.run(v.initializer());
  EXPECT_EQ(session.run(known).scalar<float>(), 4.0f);
  EXPECT_EQ(session.run(v).scalar<float>(), 3.0f);
}

TEST_F(SessionTest, ReportsInitializationOfEachVariable) {
  const Variable a = variable("a", Tensor(1.0f)), b = variable("b", Tensor(1.0f));
  const Output report = report_uninitialized_variables();
  Session session;
  session.run(a.initializer());
  const Tensor names = session.run(report);
  EXPECT_EQ(names.shape(), Shape({1}));
  EXPECT_EQ(names.data<std::string>()[0], "b");
  session.run(b.initializer());
  EXPECT_EQ(session.run(report).element_count(), 0);
}

TEST_F(SessionTest, PlansTheRestWhenAShapeHangsOnAValue) {
  const Output shape = placeholder(int32, {2}, {.name = "shape"});
  const Output x = placeholder(float32, {-1}, {.name = "x"});
  const Output doubled = reshape(x * 2.0f, shape + 0);
  const Output sums = reduce_sum(doubled, {.axis = 0});
  Session session;
  const Tensor values({1.0f, 2.0f, 3.0f, 4.0f});
  EXPECT_EQ(floats(session.run(sums, {{shape, Tensor({2, 2})}, {x, values}})),
            (std::vector<float>{8, 12}));
  EXPECT_EQ(floats(session.run(sums, {{shape, Tensor({1, 4})}, {x, values}})),
            (std::vector<float>{2, 4, 6, 8}));
  EXPECT_ERROR(session.run(sums, {{shape, Tensor({3, 3})}, {x, values}}), InvalidArgumentError,
               shape_incompatible, "Reshape");
}

TEST_F(SessionTest, PlansForFedShapesAndForShapesThatComeOneAfterTheOther) {
  const Output first = placeholder(int32, {2}, {.name = "first"});
  const Output second = placeholder(int32, {1}, {.name = "second"});
  const Output x = placeholder(float32, {-1}, {.name = "x"});
  const Output matrix = reshape(x, first);
  const Output rows = reduce_sum(matrix, {.axis = 1});
  const Output tiled = tile(rows, cast(reshape(reduce_max(rows), {1}), int32) + second);
  Session session;
  const auto run = [&](Tensor shape, int add) {
    return session
        .run(tiled, {{first, std::move(shape)}, {second, Tensor({add})}, {x, Tensor({1.0f, 1.0f})}})
        .shape();
  };
  EXPECT_EQ(run(Tensor({2, 1}), 0), Shape({2}));
  EXPECT_EQ(run(Tensor({1, 2}), 0), Shape({2}));
  EXPECT_EQ(run(Tensor({1, 2}), 1), Shape({3}));
  EXPECT_EQ(run(Tensor({2, 1}), 3), Shape({8}));
}

TEST_F(SessionTest, RunsAStatefulPartBeforeACutOnce) {
  const Variable n = Variable(Tensor(1), {.name = "n"});
  const Output next = n.assign_add(1);
  const Output ones = fill(reshape(next, {1}), 1.0f);
  Session session;
  session.run(n.initializer());
  EXPECT_EQ(session.run(ones).shape(), Shape({2}));
  EXPECT_EQ(session.run(ones).shape(), Shape({3}));
  EXPECT_EQ(session.run(n).scalar<int32_t>(), 3);
}

TEST_F(SessionTest, RejectsFeedsThatDoNotFit) {
  const Output x = placeholder(float32, {-1, 3}, {.name = "x"});
  const Output y = x + 1.0f;
  Session session;
  EXPECT_ERROR(session.run(y), InvalidArgumentError, must_feed, "'x'");
  EXPECT_ERROR(session.run(y, {{x, Tensor({{1.0f, 2.0f}})}}), ValueError, bad_feed_shape,
               "Cannot feed value of shape (1, 2) for Tensor 'x:0', which has shape '(?, 3)'");
  EXPECT_ERROR(session.run(y, {{x, Tensor(int32, {1, 3})}}), ValueError, bad_feed, "int32");
  EXPECT_ERROR(session.run(y, {{x, Tensor()}}), ValueError, bad_feed, "empty");
  EXPECT_ERROR(session.run(y, {{"nothing:0", Tensor(1.0f)}}), TypeError, bad_feed, "nothing:0");
  const Tensor row(float32, {1, 3});
  EXPECT_ERROR(session.run(y, {{x, row}, {"x:0", row}}), ValueError, bad_feed, "fed twice");
  EXPECT_EQ(session.run(y, {{x, row}}).shape(), Shape({1, 3}));
}

TEST_F(SessionTest, RejectsFetchesAndFeedsOfAnotherGraph) {
  const Output here = constant(1.0f);
  Session session;
  const Graph other;
  const ScopeGuard guard(other.enter_as_default());
  const Output there = constant(1.0f, {.name = "there"});
  EXPECT_ERROR(session.run(there), ValueError, bad_fetch, "there");
  EXPECT_ERROR(session.run(there.op()), ValueError, bad_fetch, "there");
  EXPECT_ERROR(session.run(here, {{there, Tensor(1.0f)}}), ValueError, bad_feed, "there");
  EXPECT_ERROR(session.run("nothing"), ValueError, bad_fetch, "nothing");
  EXPECT_ERROR(session.run(Output()), ValueError, bad_fetch, "empty");
}

TEST_F(SessionTest, RefusesToRunOnceClosed) {
  const Output x = constant(1.0f);
  Session session;
  const Callable callable = session.make_callable({x});
  session.close();
  EXPECT_ERROR(session.run(x), RuntimeError, closed, "closed Session");
  EXPECT_ERROR(callable(), RuntimeError, closed, "closed Session");
}

TEST_F(SessionTest, KeepsTheGraphOfItsOperationsAlive) {
  Output x;
  std::unique_ptr<Session> session;
  {
    const Graph graph;
    const ScopeGuard guard(graph.enter_as_default());
    x = constant(4.0f);
    session = std::make_unique<Session>();
  }
  EXPECT_EQ(session->run(x).scalar<float>(), 4.0f);
}

TEST_F(SessionTest, NamesTheOperationThatFailedAndLeavesVariablesAlone) {
  const ScopeGuard there = device("/cpu:0");  // on a GPU the quotient is -1
  const Output divisor = placeholder(int32, {}, {.name = "divisor"});
  const Variable v = Variable(Tensor(6), {.name = "v"});
  const Output assign = v.assign(floordiv(v, divisor, {.name = "ratio"}));
  Session session;
  session.run(v.initializer());
  EXPECT_ERROR(session.run(assign, {{divisor, Tensor(0)}}), InvalidArgumentError, bad_argument,
               "division by zero");
  EXPECT_EQ(session.run(v).scalar<int32_t>(), 6);
  EXPECT_EQ(session.run(assign, {{divisor, Tensor(2)}}).scalar<int32_t>(), 3);
}

TEST_F(SessionTest, RefusesVariablesBeyondTheMemoryLimitAndStaysUsable) {
  const Variable small = variable("small", Tensor(float32, {16}));
  const Variable large = Variable(zeros({1 << 20}), {.name = "large"});
  Session session({.device_count = {{"GPU", 0}}, .cpu_memory_limit = 1 << 16});
  session.run(small.initializer());
  EXPECT_ERROR(session.run(large.initializer()), ResourceExhaustedError, resource_exhausted, "");
  EXPECT_EQ(session.run(small).shape(), Shape({16}));
}

TEST_F(SessionTest, FailsEveryRunOfAGraphThatCannotBePlaced) {
  const Output fine = constant(1.0f);
  {
    const ScopeGuard gpu = device("/device:GPU:7");
    constant(1.0f, {.name = "lost"});
  }
  Session session;
  EXPECT_ERROR(session.run(fine), InvalidArgumentError, bad_placement, "lost");
  EXPECT_ERROR(session.run(fine), InvalidArgumentError, bad_placement, "device:CPU:0");
  Session soft({.allow_soft_placement = true});
  EXPECT_EQ(soft.run(fine).scalar<float>(), 1.0f);
}

TEST_F(SessionTest, ListsItsDevicesAndWhereVariablesLie) {
  const Variable v = get_variable("scope/v", {.shape = {2, 3}});
  Session session({.device_count = {{"CPU", 2}, {"GPU", 0}}});
  ASSERT_EQ(session.list_devices().size(), 2u);
  EXPECT_EQ(session.list_devices()[1].name, "/job:localhost/replica:0/task:0/device:CPU:1");
  EXPECT_TRUE(session.variable_allocations().empty());
  session.run(v.initializer());
  ASSERT_EQ(session.variable_allocations().size(), 1u);
  EXPECT_EQ(session.variable_allocations()[0].variable, "scope/v");
  EXPECT_EQ(session.variable_allocations()[0].bytes, 24u);
}

TEST_F(SessionTest, RejectsOptionsThatMakeNoSense) {
  EXPECT_ERROR(Session({.threads = -1}), InvalidArgumentError, bad_argument, "threads");
  EXPECT_ERROR(Session({.device_count = {{"CPU", -2}}}), InvalidArgumentError, bad_argument,
               "device_count");
}

TEST_F(SessionTest, LoadsAValueIntoAVariable) {
  const Variable v = variable("v", Tensor({1.0f, 2.0f}));
  Session session;
  v.load(Tensor({5.0f, 6.0f}), session);
  EXPECT_EQ(floats(session.run(v)), (std::vector<float>{5, 6}));
  EXPECT_ERROR(v.load(Tensor({1.0f}), session), ValueError, bad_feed_shape, "(1,)");
}

TEST_F(SessionTest, DrawsOnInSeededStreamsRunAfterRun) {
  const Output x = random_uniform({2}, {.seed = 7});
  Session first, second;
  const std::vector<float> one = floats(first.run(x)), two = floats(first.run(x));
  EXPECT_NE(one, two);
  EXPECT_EQ(floats(second.run(x)), one);
  EXPECT_EQ(floats(second.run(x + 0.0f)), two) << "another plan goes on with the same stream";
}

TEST_F(SessionTest, DrawsUnseededNumbersAnewInEverySession) {
  const Output x = random_uniform({4});
  Session first, second;
  EXPECT_NE(floats(first.run(x)), floats(second.run(x)));
}

}  // namespace
}  // namespace tenon
