// How many plans a session keeps.
#include <gtest/gtest.h>

#include "core/session/session_state.h"
#include "tenon/tenon.h"

namespace tenon {
namespace {

class PlanCacheTest : public ::testing::Test {
 protected:
  static size_t kept(const Session& session) { return session.state()->living_plans().size(); }
  void run_rows(Session& session, int64_t rows) {
    session.run(doubled_, {{x_, Tensor(float32, {rows})}});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {-1}, {.name = "x"});
  Output doubled_ = x_ * 2.0f;
};

TEST_F(PlanCacheTest, KeepsNoMorePlansThanItWasToldHoweverManyShapesAreFed) {
  Session session({.plan_cache_size = 3});
  for (int64_t rows = 1; rows <= 20; ++rows) {
    run_rows(session, rows);
    EXPECT_EQ(kept(session), static_cast<size_t>(std::min<int64_t>(rows, 3)));
  }
}

TEST_F(PlanCacheTest, KeepsThePlansThatWereUsedLast) {
  Session session({.plan_cache_size = 2});
  run_rows(session, 1);
  const std::weak_ptr<internal::Plan> first = session.state()->living_plans()[0];
  for (int64_t rows = 2; rows < 6; ++rows) {
    run_rows(session, rows);
    EXPECT_FALSE(first.expired());
    run_rows(session, 1);
  }
  run_rows(session, 6);
  run_rows(session, 7);
  EXPECT_TRUE(first.expired());
}

TEST_F(PlanCacheTest, LeavesACallableItsPlanAsLongAsItLives) {
  Session session({.plan_cache_size = 2});
  std::weak_ptr<internal::Plan> plan;
  {
    const Callable callable = session.make_callable({doubled_}, {x_});
    callable({Tensor(float32, {4})});
    plan = session.state()->living_plans()[0];
    for (int64_t rows = 5; rows < 10; ++rows) run_rows(session, rows);
    EXPECT_FALSE(plan.expired());
    EXPECT_EQ(kept(session), 3u);
    EXPECT_EQ(callable({Tensor({1.0f, 1.0f, 1.0f, 1.0f})})[0].data<float>()[3], 2.0f);
  }
  EXPECT_TRUE(plan.expired());
}

TEST_F(PlanCacheTest, BoundsThePlansOfACallable) {
  Session session({.plan_cache_size = 3});
  const Callable callable = session.make_callable({doubled_}, {x_});
  for (int64_t rows = 1; rows <= 20; ++rows) {
    callable({Tensor(float32, {rows})});
    callable({Tensor(float32, {1})});
    EXPECT_EQ(kept(session), static_cast<size_t>(std::min<int64_t>(rows, 3)));
  }
  const std::weak_ptr<internal::Plan> first = session.state()->living_plans()[0];
  EXPECT_FALSE(first.expired());  // used all the time
}

TEST_F(PlanCacheTest, GivesItsPlansUpWhenTheSessionIsClosed) {
  Session session;
  run_rows(session, 1);
  EXPECT_EQ(kept(session), 1u);
  session.close();
  EXPECT_EQ(kept(session), 0u);
}

}  // namespace
}  // namespace tenon
