// Conditionals and loops in sessions: devices, threads, shapes that only the run knows, memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <thread>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

class BodiesTest : public ::testing::Test {
 protected:
  // x goes n times through tanh(x * w), and the gradients for x and w.
  void make_loop() {
    w_ = get_variable("w", {.initializer = Tensor({0.5f, -0.25f}), .use_resource = true});
    last_ = while_loop([&](Output i, Output) { return i < n_; },
                       [&](Output i, Output x) -> Returned {
                         return {i + 1, tanh(x * w_)};
                       },
                       {0, x_})[1];
    into_ = gradients({last_}, {x_, w_});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output n_ = placeholder(int32, {}), x_ = placeholder(float32, {2});
  Output taken_ = placeholder(bool_, {});
  Variable w_;
  Output last_;
  std::vector<Output> into_;
};

TEST_F(BodiesTest, GiveTheSameOnEmulatedGpus) {
  make_loop();
  const Output chosen = cond(
      taken_, [&] { return last_ * 2.0f; }, [&] { return w_ + x_; });
  const std::vector<Output> all = {last_, into_[0], into_[1], chosen};
  const Feeds feeds = {{n_, Tensor(3)}, {x_, Tensor({1.0f, 2.0f})}, {taken_, Tensor(true)}};
  std::vector<std::vector<Tensor>> answers;
  for (const int gpus : {0, 2}) {
    SessionOptions options{.emulated_gpus = gpus};
    if (gpus == 0) options.device_count["GPU"] = 0;
    Session session(graph_, options);
    session.run(global_variables_initializer());
    answers.push_back(session.run(all, feeds));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < 2; ++j) {
      EXPECT_EQ(answers[0][i].data<float>()[j], answers[1][i].data<float>()[j]) << i;
    }
  }
}

// The gradient takes what the branches computed, wherever it runs: of the one that wasn't taken
// there is nothing.
TEST_F(BodiesTest, PassOnWhatIsMissingToOtherDevices) {
  const auto slope_on = [&](const char* forward, const char* backward) {
    Output y;
    {
      const auto on = device(forward);
      y = cond(
          taken_, [&] { return tanh(x_ * 2.0f); }, [&] { return sigmoid(x_ * 3.0f); });
    }
    const auto on = device(backward);
    return gradients({y}, {x_})[0];
  };
  const Output across = slope_on("/gpu:0", "/gpu:1"), there = slope_on("/cpu:0", "/gpu:0"),
               back = slope_on("/gpu:1", "/cpu:0"), plain = slope_on("/cpu:0", "/cpu:0");
  Session session(graph_, {.allow_soft_placement = true, .emulated_gpus = 2});
  for (const bool taken : {true, false}) {
    const auto slopes = session.run({plain, across, there, back},
                                    {{x_, Tensor({0.25f, -0.5f})}, {taken_, Tensor(taken)}});
    for (size_t i = 1; i < slopes.size(); ++i) {
      EXPECT_EQ(slopes[i].to_vector<float>(), slopes[0].to_vector<float>()) << i << ' ' << taken;
    }
  }
}

TEST_F(BodiesTest, WriteVariablesOnEmulatedGpus) {
  const Variable a = get_variable("a", {.initializer = Tensor(1.0f)}),
                 b = get_variable("b", {.initializer = Tensor(1.0f), .use_resource = true});
  const auto done = while_loop(
      [&](Output i) { return i < n_; },
      [&](Output i) -> Returned {
        const auto after = control_dependencies({a.assign_add(1.0f), b.assign(b.read_value() * 2)});
        return identity(i) + 1;
      },
      {0});
  Session session(graph_, {.emulated_gpus = 1});
  session.run(global_variables_initializer());
  session.run(done[0], {{n_, Tensor(4)}});
  EXPECT_EQ(session.run(a).scalar<float>(), 5.0f);
  EXPECT_EQ(session.run(b).scalar<float>(), 16.0f);
}

TEST_F(BodiesTest, RunInManyThreadsAtOnce) {
  make_loop();
  Session session(graph_);
  session.run(global_variables_initializer());
  const Callable call = session.make_callable({last_, into_[0]}, {n_, x_});
  std::array<std::thread, 4> threads;
  for (int t = 0; t < 4; ++t) {
    threads[static_cast<size_t>(t)] = std::thread([&call, t] {
      for (int i = 0; i < 20; ++i) {
        const int rounds = (t + i) % 3;
        float x = 1.0f;
        for (int round = 0; round < rounds; ++round) x = std::tanh(x * 0.5f);
        const std::vector<Tensor> values = call({Tensor(rounds), Tensor({1.0f, 1.0f})});
        EXPECT_NEAR(values[0].data<float>()[0], x, 1e-6);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(BodiesTest, ShapesThatOnlyTheRunKnowsAreFoundByIt) {
  const Output y = cond(
      taken_, [&] { return boolean_mask(x_, x_ > 0.0f); },
      [&] {
        return concat({x_, x_}, 0);
      });
  const Output sum = reduce_sum(y * 2.0f);
  Session session(graph_);
  const auto value = [&](bool taken) {
    return session.run({y, sum}, {{taken_, Tensor(taken)}, {x_, Tensor({-1.0f, 3.0f})}});
  };
  EXPECT_EQ(value(true)[0].shape(), Shape({1}));
  EXPECT_EQ(value(true)[1].scalar<float>(), 6.0f);
  EXPECT_EQ(value(false)[0].shape(), Shape({4}));
  EXPECT_EQ(value(false)[1].scalar<float>(), 8.0f);
}

TEST_F(BodiesTest, OnlyWhatIsFetchedIsNeeded) {
  const Output other = placeholder(float32, {2}, {.name = "other"});
  const std::vector<Output> both = cond(
      taken_,
      [&]() -> Returned {
        return {x_, other};
      },
      [&]() -> Returned {
        return {x_ * 2.0f, other};
      });
  Session session(graph_);
  const Feeds feeds = {{taken_, Tensor(false)}, {x_, Tensor({1.0f, 2.0f})}};
  EXPECT_EQ(session.run(both[0], feeds).data<float>()[1], 4.0f);
  EXPECT_ERROR(session.run(both[1], feeds), InvalidArgumentError, must_feed, "other");
}

TEST_F(BodiesTest, EachRoundDrawsOtherNumbers) {
  const auto sums = while_loop([&](Output i, Output, Output) { return i < 2; },
                               [&](Output i, Output, Output next) -> Returned {
                                 return {i + 1, next, random_uniform({4}, {.seed = 1})};
                               },
                               {0, zeros({4}), zeros({4})});
  Session session(graph_);
  const std::vector<Tensor> values = session.run(sums);
  EXPECT_NE(values[1].data<float>()[0], values[2].data<float>()[0]);
}

TEST_F(BodiesTest, ResultsAreTheCallersOwn) {
  const Output same = cond(
      taken_, [&] { return identity(x_); }, [&] { return x_ + 1.0f; });
  Session session(graph_);
  const Callable call = session.make_callable({same, same}, {taken_, x_});
  Tensor x({1.0f, 2.0f});
  std::vector<Tensor> values = call({Tensor(true), x});
  x.mutable_data<float>()[0] = 9.0f;
  values[0].mutable_data<float>()[1] = 9.0f;
  EXPECT_EQ(values[0].data<float>()[0], 1.0f);
  EXPECT_EQ(values[1].data<float>()[1], 2.0f);
  std::vector<Tensor> room = {Tensor(float32, {2}), Tensor(float32, {2})};
  const void* const where = room[0].raw();
  call.run_into({Tensor(false), x}, room);
  EXPECT_EQ(room[0].raw(), where);
  EXPECT_EQ(room[0].data<float>()[0], 10.0f);
}

TEST_F(BodiesTest, APlanNamesTheStepThatRunsThem) {
  make_loop();
  Session session(graph_);
  EXPECT_THAT(session.plan_text({last_}, {{n_, Tensor(3)}, {x_, Tensor({1.0f, 2.0f})}}),
              ::testing::HasSubstr("bodies While while/Exit"));
}

}  // namespace
}  // namespace tenon
