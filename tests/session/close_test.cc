// Sessions that are closed while others run.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

// Runs `run` in some threads until it throws, closes meanwhile; all must be told that it is closed.
template <typename Close, typename Run>
void expect_closed(const Close& close, const Run& run) {
  std::atomic<int> closed = 0;
  std::atomic<int> started = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      for (int k = 0;; ++k) {
        try {
          run();
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::closed) << error.what();
          closed += error.kind() == ErrorKind::closed ? 1 : 0;
          return;
        }
        if (k == 3) ++started;
      }
    });
  }
  while (started < 3) std::this_thread::yield();
  close();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(closed, 3);
}

class CloseTest : public ::testing::Test {
 protected:
  static constexpr int kRounds = 30;

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {4, 4});
};

TEST_F(CloseTest, TellsRunsThatItIsClosed) {
  const Variable w(ones({4, 4}));
  const Output y = matmul(x_, w);
  for (int round = 0; round < kRounds; ++round) {
    Session session({.threads = 1});
    session.run(w.initializer());
    expect_closed([&] { session.close(); },
                  [&] {
                    session.run(y, {{x_, Tensor(float32, {4, 4})}});
                  });
  }
}

TEST_F(CloseTest, TellsCallablesThatItIsClosed) {
  const Variable w(ones({4, 4}), {.use_resource = true});
  const Output add = w.assign_add(x_);
  for (int round = 0; round < kRounds; ++round) {
    Session session({.threads = 1});
    session.run(w.initializer());
    const Callable step = session.make_callable({add}, {x_});
    expect_closed([&] { session.close(); }, [&] { step({Tensor(float32, {4, 4})}); });
  }
}

// The values decide what is planned, and are gone when it is.
TEST_F(CloseTest, TellsRunsThatArePlannedForValuesThatItIsClosed) {
  const Output value = placeholder(float32, {-1});
  const Variable v(value, {.validate_shape = false});
  const Variable size = Variable(Tensor({2}));
  const Output y = reduce_sum(v.value()) + reduce_sum(fill(size + 0, 1.0f));
  for (int round = 0; round < kRounds; ++round) {
    Session session({.threads = 1, .plan_cache_size = 1});
    session.run(size.initializer());
    session.run(v.initializer(), {{value, Tensor({1.0f, 2.0f})}});
    expect_closed([&] { session.close(); },
                  [&] {
                    session.run(y);
                    session.run(v);
                  });
  }
}

TEST_F(CloseTest, AReportOfWhatIsInitializedIsTrueOrSaysThatItIsClosed) {
  const Variable w(ones({4, 4}));
  const Output there = w.is_initialized();
  for (int round = 0; round < kRounds; ++round) {
    Session session({.threads = 1});
    session.run(w.initializer());
    expect_closed([&] { session.close(); },
                  [&] { EXPECT_TRUE(session.run(there).scalar<bool>()); });
  }
}

TEST_F(CloseTest, ASessionOfAServerLeavesVariablesToTheOthers) {
  train::Server server = train::Server::create_local_server({.threads = 1});
  const Variable w(ones({4, 4}));
  const Output y = matmul(x_, w);
  Session first({.target = server.target()});
  first.run(w.initializer());
  for (int round = 0; round < 5; ++round) {
    Session second({.target = server.target()});
    expect_closed([&] { second.close(); }, [&] { second.run(y, {{x_, Tensor(float32, {4, 4})}}); });
  }
  EXPECT_EQ(first.run(w).data<float>()[0], 1.0f);
  expect_closed([&] { server.stop(); }, [&] { first.run(y, {{x_, Tensor(float32, {4, 4})}}); });
}

TEST_F(CloseTest, ClosingTwiceIsFine) {
  Session session;
  session.close();
  session.close();
  EXPECT_ERROR(session.run(constant(1.0f)), RuntimeError, closed, "closed Session");
}

}  // namespace
}  // namespace tenon
