#include <gtest/gtest.h>

#include <thread>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class CallableTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {-1}, {.name = "x"});
  Output doubled_ = x_ * 2.0f;
};

TEST_F(CallableTest, ReturnsTheFetchesAndRunsTheTargets) {
  const Variable count = Variable(Tensor(0), {.name = "count"});
  const Output increment = count.assign_add(1);
  Session session;
  session.run(count.initializer());
  const Callable callable = session.make_callable({doubled_}, {x_}, {increment.op()});
  const std::vector<Tensor> results = callable({Tensor({1.0f, 2.0f})});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].data<float>()[1], 4.0f);
  EXPECT_EQ(callable({Tensor({1.0f})})[0].shape(), Shape({1}));
  EXPECT_EQ(session.run(count).scalar<int32_t>(), 2);
}

TEST_F(CallableTest, WritesIntoTheCallersTensors) {
  Session session;
  const Callable callable = session.make_callable({doubled_}, {x_});
  std::vector<Tensor> outputs = {Tensor(float32, {2})};
  const void* memory = outputs[0].raw();
  callable.run_into({Tensor({1.0f, 2.0f})}, outputs);
  EXPECT_EQ(outputs[0].raw(), memory);
  EXPECT_EQ(outputs[0].data<float>()[1], 4.0f);
}

TEST_F(CallableTest, RejectsRoomThatDoesNotFit) {
  Session session;
  const Callable callable = session.make_callable({doubled_}, {x_});
  const Tensor value({1.0f, 2.0f});
  std::vector<Tensor> outputs = {Tensor(float32, {3})};
  EXPECT_ERROR(callable.run_into({value}, outputs), InvalidArgumentError, shape_incompatible,
               "(2,)");
  outputs[0] = Tensor(float64, {2});
  EXPECT_ERROR(callable.run_into({value}, outputs), InvalidArgumentError, dtype_incompatible,
               "float64");
  outputs.clear();
  EXPECT_ERROR(callable.run_into({value}, outputs), InvalidArgumentError, bad_argument,
               "1 results");
  EXPECT_ERROR(callable({}), ValueError, bad_feed, "takes 1 values, not 0");
  outputs = {Tensor()};
  EXPECT_ERROR(callable.run_into({}, outputs), ValueError, bad_feed, "takes 1 values, not 0");
  EXPECT_ERROR(callable.run_into({value, value}, outputs), ValueError, bad_feed, "not 2");
  EXPECT_ERROR(callable({Tensor({{1.0f}})}), ValueError, bad_feed_shape, "(1, 1)");
}

TEST_F(CallableTest, RejectsRoomForTheShapeThatAVariableHadBefore) {
  const Output value = placeholder(float32, {-1});
  const Variable v = Variable(value, {.name = "v", .validate_shape = false});
  Session session;
  session.run(v.initializer(), {{value, Tensor({1.0f})}});
  const Callable callable = session.make_callable({negative(v.value())}, {});
  std::vector<Tensor> outputs = {Tensor(float32, {1})};
  callable.run_into({}, outputs);
  EXPECT_EQ(outputs[0].data<float>()[0], -1.0f);
  session.run(v.initializer(), {{value, Tensor({1.0f, 2.0f, 3.0f})}});
  EXPECT_ERROR(callable.run_into({}, outputs), InvalidArgumentError, shape_incompatible, "(3,)");
}

TEST_F(CallableTest, OutlivesItsSessionsHandle) {
  std::unique_ptr<Callable> callable;
  {
    Session session;
    callable = std::make_unique<Callable>(session.make_callable({doubled_}, {x_}));
  }
  EXPECT_EQ((*callable)({Tensor({3.0f})})[0].data<float>()[0], 6.0f);
}

TEST_F(CallableTest, RunsConcurrentlyAsIfOneAfterTheOther) {
  const Variable count = Variable(Tensor(0), {.name = "count"});
  const Output increment = count.assign_add(1);
  Session session({.threads = 1});
  session.run(count.initializer());
  const Callable callable = session.make_callable({doubled_}, {x_}, {increment.op()});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 50; ++j) {
        const float value = static_cast<float>(i * 100 + j);
        const Tensor result = callable({Tensor({value, value})})[0];
        ASSERT_EQ(result.data<float>()[1], 2 * value);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(session.run(count).scalar<int32_t>(), 200);
}

TEST_F(CallableTest, RunsConcurrentlyWhileTheGraphGrows) {
  Session session({.threads = 1});
  std::thread runner([&] {
    for (int i = 0; i < 50; ++i) {
      const Tensor value = session.run(doubled_, {{x_, Tensor({1.0f})}});
      ASSERT_EQ(value.data<float>()[0], 2.0f);
    }
  });
  for (int i = 0; i < 50; ++i) constant(1.0f);
  runner.join();
}

}  // namespace
}  // namespace tenon
