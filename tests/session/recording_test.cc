// Plans on a GPU are recorded and run again as one: the results are those of single steps. An
// emulated GPU records as a real one does, with the addresses of the run that was recorded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kRuns = 6;  // the third and later ones run what was recorded

class RecordingTest : public ::testing::Test {
 protected:
  static Session on_gpu() {
    return Session(SessionOptions{.allow_soft_placement = true, .emulated_gpus = 1});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

// A few steps of training: variables change in place, a counter runs on, the loss comes back.
std::vector<float> train(Session& session, const Output& loss, const Output& x,
                         const Operation& step) {
  session.run(global_variables_initializer());
  const Callable train_step = session.make_callable({loss}, {x}, {step});
  std::vector<float> losses;
  for (int i = 0; i < kRuns; ++i) {
    const float shift = static_cast<float>(i);
    losses.push_back(
        train_step({Tensor({{1.0f + shift, 2.0f}, {3.0f, 4.0f - shift}})})[0].scalar<float>());
  }
  return losses;
}

TEST_F(RecordingTest, TrainsAsStepByStep) {
  set_random_seed(1);
  const Output x = placeholder(float32, {2, 2});
  const Variable w = get_variable("w", {.shape = {2, 3}});
  const Output loss = reduce_mean(square(tanh(matmul(x, w)) - 0.5f));
  const Operation step = train::AdamOptimizer({.learning_rate = 0.1}).minimize(loss);
  Session gpu = on_gpu();
  EXPECT_THAT(gpu.plan_text({Fetch(loss), Fetch(step)}, {{x, Tensor(float32, {2, 2})}}),
              HasSubstr("recorded on /device:GPU:0: "));
  Session cpu(SessionOptions{.device_count = {{"GPU", 0}}});
  EXPECT_THAT(cpu.plan_text({Fetch(loss), Fetch(step)}, {{x, Tensor(float32, {2, 2})}}),
              Not(HasSubstr("recorded")));
  EXPECT_EQ(train(gpu, loss, x, step), train(cpu, loss, x, step));
}

TEST_F(RecordingTest, DrawsNewRandomNumbersEachRun) {
  const Output doubled = random_uniform({4}) * 2.0f + 1.0f;
  const Output all = reduce_sum(square(doubled));
  Session session = on_gpu();
  const Callable draw = session.make_callable({all});
  std::vector<float> sums;
  for (int i = 0; i < kRuns; ++i) sums.push_back(draw()[0].scalar<float>());
  for (int i = 1; i < kRuns; ++i) EXPECT_NE(sums[i], sums[i - 1]);
}

TEST_F(RecordingTest, FollowsAVariableToItsNewMemory) {
  const Output value = placeholder(float32, {-1});
  const Variable v = Variable(value, {.name = "v", .validate_shape = false});
  const Output sum = reduce_sum(square(v.value()) + 1.0f);
  Session session = on_gpu();
  session.run(v.initializer(), {{value, Tensor({1.0f})}});
  for (int i = 0; i < kRuns; ++i) EXPECT_EQ(session.run(sum).scalar<float>(), 2.0f);
  session.run(v.initializer(), {{value, Tensor({1.0f, 2.0f, 3.0f})}});
  for (int i = 0; i < kRuns; ++i) EXPECT_EQ(session.run(sum).scalar<float>(), 17.0f);
}

TEST_F(RecordingTest, ConcurrentRunsAddUpAsRunsInARow) {
  constexpr int kThreads = 4, kSteps = 50;
  const Variable sum = Variable(Tensor({0.0f, 0.0f}), {.name = "sum"});
  const Variable squares = Variable(Tensor({0.0f, 0.0f}), {.name = "squares"});
  const Output x = placeholder(float32, {2});
  const Operation step = group({sum.assign_add(x).op(), squares.assign_add(square(x)).op()});
  Session session = on_gpu();
  session.run(global_variables_initializer());
  const Callable add = session.make_callable({}, {x}, {step});
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kSteps; ++j) add({Tensor({1.0f, 2.0f})});
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(session.run(sum).data<float>()[1], 2.0f * kThreads * kSteps);
  EXPECT_EQ(session.run(squares).data<float>()[1], 4.0f * kThreads * kSteps);
}

TEST_F(RecordingTest, AnErrorSaysBetweenWhichOperationsItWasMet) {
  const Output x = placeholder(float32, {3}, {.name = "x"});
  const Variable at = Variable(Tensor({0, 1}), {.name = "at"});
  const Output picked = square(gather(x, at), {.name = "squared"});
  const Output out = reduce_sum(picked, {.name = "total"});
  Session session = on_gpu();
  session.run(global_variables_initializer());
  const Tensor numbers({1.0f, 2.0f, 3.0f});
  for (int i = 0; i < kRuns; ++i) {
    EXPECT_EQ(session.run(out, {{x, numbers}}).scalar<float>(), 5.0f);
  }
  session.run(at.assign(Tensor({0, 9})).op());
  EXPECT_ERROR(session.run(out, {{x, numbers}}), InvalidArgumentError, index_out_of_range,
               "in an operation between ");
}

// Libraries make what they need when they are first called, which can't be recorded.
TEST_F(RecordingTest, AFirstRunGoesStepByStep) {
  const Output x = placeholder(float32, {3}, {.name = "x"});
  const Output at = placeholder(int32, {2}, {.name = "at"});
  const Output out = reduce_sum(square(gather(x, at, {.name = "picked"})), {.name = "total"});
  Session session = on_gpu();
  const Feeds feeds = {{x, Tensor({1.0f, 2.0f, 3.0f})}, {at, Tensor({0, 9})}};
  EXPECT_THAT(session.plan_text({Fetch(out)}, feeds), HasSubstr("recorded on /device:GPU:0: "));
  EXPECT_ERROR(session.run(out, feeds), InvalidArgumentError, index_out_of_range,
               "\n  in 'picked' (GatherV2)");
}

}  // namespace
}  // namespace tenon
