// Which executables a session keeps.
#include "core/session/executable_cache.h"

#include <gtest/gtest.h>

#include "core/session/session_state.h"
#include "tenon/tenon.h"

namespace tenon::internal {
namespace {

std::shared_ptr<Executable> made_for(const std::string& key) {
  auto executable = std::make_shared<Executable>();
  executable->key = key;
  return executable;
}

// Asks for it as a session does; whether it was there.
bool use(ExecutableCache& cache, int number) {
  const std::string key = std::to_string(number);
  if (cache.find(key)) return true;
  cache.put(made_for(key));
  return false;
}

TEST(ExecutableCacheTest, KeepsNoMoreThanItWasToldAndThoseThatWereUsedLast) {
  ExecutableCache cache(3);
  for (int i = 0; i < 20; ++i) {
    use(cache, i);
    EXPECT_EQ(cache.size(), static_cast<size_t>(std::min(i + 1, 3)));
    EXPECT_TRUE(use(cache, 0)) << "used all the time";
  }
  EXPECT_TRUE(use(cache, 19));
  EXPECT_FALSE(use(cache, 17));
}

TEST(ExecutableCacheTest, KeepsMostOfThoseInUseWhereMoreAreInUseThanItKeeps) {
  constexpr int kKept = 50, kInUse = 80, kRounds = 10;
  ExecutableCache cache(kKept);
  int found = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kInUse; ++i) found += use(cache, i) ? 1 : 0;
  }
  EXPECT_GE(found, (kRounds - 2) * (kKept - 2));
}

TEST(ExecutableCacheTest, KeepsOneThatIsUsedBetweenManyThatComeBack) {
  ExecutableCache cache(10);
  use(cache, -1);
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 40; ++i) {
      use(cache, i);
      EXPECT_TRUE(use(cache, -1));
    }
  }
}

TEST(ExecutableCacheTest, FollowsUsersThatTurnToOthers) {
  constexpr int kKept = 10;
  ExecutableCache cache(kKept);
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) use(cache, i);
  }
  for (int i = 100; i < 100 + kKept; ++i) use(cache, i);
  for (int i = 100; i < 100 + kKept; ++i) EXPECT_TRUE(use(cache, i));
}

TEST(ExecutableCacheTest, KeepsManySmallOnesAndFewLargeOnesUnlessItWasTold) {
  const auto kept = [](size_t steps) {
    ExecutableCache cache(0);
    for (int i = 0; i < 2000; ++i) {
      const std::shared_ptr<Executable> executable = made_for(std::to_string(i));
      executable->plan = std::make_shared<Plan>();
      executable->plan->steps.resize(steps);
      cache.put(executable);
    }
    return cache.size();
  };
  EXPECT_EQ(kept(10), ExecutableCache::kMost);
  EXPECT_EQ(kept(100), 500u);
  EXPECT_EQ(kept(1000), ExecutableCache::kLeast);
}

TEST(ExecutableCacheTest, RemovesAnExecutableButNotTheOneThatTookItsPlace) {
  ExecutableCache cache(3);
  const std::shared_ptr<Executable> first = made_for("a"), second = made_for("a");
  cache.put(first);
  cache.put(second);
  EXPECT_EQ(cache.size(), 1u);
  cache.remove(*first);
  EXPECT_EQ(cache.find("a"), second);
  cache.remove(*second);
  EXPECT_EQ(cache.find("a"), nullptr);
}

class SessionsExecutablesTest : public ::testing::Test {
 protected:
  static size_t kept(const Session& session) { return session.state()->executables().size(); }
  void run_rows(Session& session, int64_t rows) {
    session.run(doubled_, {{x_, Tensor(float32, {rows})}});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {-1}, {.name = "x"});
  Output doubled_ = x_ * 2.0f;
};

TEST_F(SessionsExecutablesTest, AreNoMoreThanTheOptionSaysHoweverManyShapesAreFed) {
  Session session({.plan_cache_size = 3});
  for (int64_t rows = 1; rows <= 20; ++rows) {
    run_rows(session, rows);
    EXPECT_EQ(kept(session), static_cast<size_t>(std::min<int64_t>(rows, 3)));
  }
}

TEST_F(SessionsExecutablesTest, AreSharedByRunsAndCallables) {
  Session session;
  run_rows(session, 4);
  const Callable callable = session.make_callable({doubled_}, {x_});
  callable({Tensor(float32, {4})});
  EXPECT_EQ(kept(session), 1u);
  for (int64_t rows = 5; rows < 9; ++rows) callable({Tensor(float32, {rows})});
  run_rows(session, 8);
  EXPECT_EQ(kept(session), 5u);
  callable({Tensor(float32, {8})}, {.keep_on_device = true});
  EXPECT_EQ(kept(session), 6u) << "its results stay elsewhere";
}

TEST_F(SessionsExecutablesTest, OfCallablesCountAsThoseOfRuns) {
  Session session({.plan_cache_size = 3});
  const Callable callable = session.make_callable({doubled_}, {x_});
  for (int64_t rows = 1; rows <= 20; ++rows) {
    const Tensor value =
        Tensor::from<float>(std::vector<float>(static_cast<size_t>(rows), 1.0f), {rows});
    EXPECT_EQ(callable({value})[0].data<float>()[0], 2.0f);
    EXPECT_EQ(kept(session), static_cast<size_t>(std::min<int64_t>(rows, 3)));
  }
}

TEST_F(SessionsExecutablesTest, BehindACutCountToo) {
  const Output sizes = placeholder(int32, {1});
  const Output filled = fill(sizes + 0, 3.0f);
  Session session({.plan_cache_size = 4});
  for (int size = 1; size <= 20; ++size) {
    EXPECT_EQ(session.run(filled, {{sizes, Tensor({size})}}).element_count(), size);
    EXPECT_LE(kept(session), 4u);
  }
  const size_t before = kept(session);
  EXPECT_EQ(session.run(filled, {{sizes, Tensor({20})}}).element_count(), 20);
  EXPECT_EQ(kept(session), before);
}

TEST_F(SessionsExecutablesTest, AreGivenUpWhenTheSessionIsClosed) {
  Session session;
  run_rows(session, 1);
  EXPECT_EQ(kept(session), 1u);
  session.close();
  EXPECT_EQ(kept(session), 0u);
}

}  // namespace
}  // namespace tenon::internal
