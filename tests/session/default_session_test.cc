// The default session of a thread: as_default, eval, run, InteractiveSession.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;

class DefaultSessionTest : public ::testing::Test {
 protected:
  DefaultSessionTest() : v_(Tensor({1.0F, 2.0F}), {.name = "v"}) {}

  float first_of(const Tensor& value) { return value.data<float>()[0]; }

 private:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};

 protected:
  Variable v_;
};

TEST_F(DefaultSessionTest, RunsAndEvaluatesInIt) {
  const Output x = placeholder(float32, {}), doubled = x * 2.0F;
  Session session;
  const ScopeGuard guard = session.as_default();
  global_variables_initializer().run();
  EXPECT_EQ(first_of(v_.eval()), 1.0F);
  EXPECT_EQ(doubled.eval({{x, Tensor(4.0F)}}).scalar<float>(), 8.0F);
  const Output grown = v_.assign_add({1.0F, 1.0F});
  const Output later = identity(placeholder_with_default(5.0F, {}));
  grown.op().run();
  EXPECT_EQ(first_of(v_.eval()), 2.0F);
  EXPECT_EQ(first_of(v_[Slice{1}].eval()), 3.0F);
  EXPECT_EQ(later.eval().scalar<float>(), 5.0F);
  v_.load(Tensor({7.0F, 8.0F}));
  EXPECT_EQ(first_of(v_.eval()), 7.0F);
}

TEST_F(DefaultSessionTest, TakesAnotherSessionWhereOneIsGiven) {
  Session session, other;
  const ScopeGuard guard = session.as_default();
  global_variables_initializer().run(other);
  EXPECT_EQ(first_of(v_.eval(other)), 1.0F);
  EXPECT_EQ(first_of((v_ + 1.0F).eval(other)), 2.0F);
  EXPECT_ERROR(v_.eval(), FailedPreconditionError, uninitialized, "v");
}

TEST_F(DefaultSessionTest, NestsAndEndsWithItsGuard) {
  Session outer, inner;
  v_.initializer().run(outer);
  v_.initializer().run(inner);
  EXPECT_FALSE(get_default_session());
  {
    const ScopeGuard first = outer.as_default();
    outer.run(v_.assign({5.0F, 5.0F}));
    {
      const ScopeGuard second = inner.as_default();
      EXPECT_EQ(first_of(v_.eval()), 1.0F);
      const ScopeGuard again = outer.as_default();
      EXPECT_EQ(first_of(v_.eval()), 5.0F);
    }
    EXPECT_EQ(get_default_session()->state(), outer.state());
  }
  EXPECT_FALSE(get_default_session());
}

TEST_F(DefaultSessionTest, KeepsWhatASessionHandleThatDiedStoodFor) {
  auto session = std::make_unique<Session>();
  v_.initializer().run(*session);
  const ScopeGuard guard = session->as_default();
  session.reset();
  EXPECT_EQ(first_of(v_.eval()), 1.0F);
}

TEST_F(DefaultSessionTest, BelongsToItsThread) {
  Session session;
  const ScopeGuard guard = session.as_default();
  std::thread([] { EXPECT_FALSE(get_default_session()); }).join();
}

TEST_F(DefaultSessionTest, SaysWhereThereIsNone) {
  EXPECT_ERROR(v_.eval(), ValueError, no_default_session, "No default session is registered");
  EXPECT_ERROR(v_.initializer().run(), ValueError, no_default_session, "'v/Assign'");
  EXPECT_ERROR((v_ + 1.0F).eval(), ValueError, no_default_session, "'add:0'");
  EXPECT_ERROR(v_.load(Tensor({1.0F, 1.0F})), ValueError, no_default_session, "'v:0'");
  const Graph another;
  Session session(another);
  const ScopeGuard guard = session.as_default();
  EXPECT_ERROR(v_.eval(), ValueError, bad_argument, "its graph is another one than the session's");
}

TEST_F(DefaultSessionTest, AnInteractiveSessionIsTheDefaultUntilItIsClosed) {
  std::optional<InteractiveSession> session(std::in_place);
  v_.initializer().run();
  EXPECT_EQ(first_of(v_.eval()), 1.0F);
  {
    Session other;
    const ScopeGuard guard = other.as_default();
    EXPECT_ERROR(v_.eval(), FailedPreconditionError, uninitialized, "v");
  }
  EXPECT_EQ(first_of(v_.eval()), 1.0F);
  {
    InteractiveSession later;
    EXPECT_EQ(get_default_session()->state(), later.state());
    later.close();
    EXPECT_EQ(get_default_session()->state(), session->state());
  }
  session.reset();
  EXPECT_FALSE(get_default_session());
}

TEST_F(DefaultSessionTest, AnInteractiveSessionOfAGraphMakesItTheDefaultGraph) {
  const Graph another;
  {
    const InteractiveSession session(another);
    EXPECT_EQ(constant(3.0F).eval().scalar<float>(), 3.0F);
    EXPECT_EQ(get_default_graph(), another);
  }
  EXPECT_FALSE(get_default_graph() == another);
}

TEST_F(DefaultSessionTest, AnInteractiveSessionPlacesOnlyWhatItRuns) {
  Output elsewhere;
  {
    const ScopeGuard on = device("/cpu:5");
    elsewhere = identity(v_, {.name = "elsewhere"});
  }
  const InteractiveSession session({.device_count = {{"GPU", 0}}});
  v_.initializer().run();
  EXPECT_EQ(first_of(v_.eval()), 1.0F);
  EXPECT_ERROR(elsewhere.eval(), InvalidArgumentError, bad_placement, "elsewhere");
  EXPECT_EQ(first_of((v_ + 1.0F).eval()), 2.0F);
  Session whole;
  EXPECT_ERROR(whole.run(v_.initializer()), InvalidArgumentError, bad_placement, "elsewhere");
}

TEST_F(DefaultSessionTest, PlacesAVariableOnceForAllItsRuns) {
  Session session({.place_pruned_graph = true, .emulated_gpus = 1});
  Variable w;
  {
    const ScopeGuard on = device("/gpu:0");
    w = Variable(Tensor(3.0F), {.name = "w"});
  }
  session.run(w.initializer());
  EXPECT_EQ(session.run(w * 2.0F).scalar<float>(), 6.0F);
  const PlacementReport report = session.explain_placement();
  for (const PlacedOperation& placed : report.operations) {
    EXPECT_NE(placed.operation.substr(0, 2), "v/") << "which no run needed";
  }
  EXPECT_EQ(session.variable_allocations()[0].device,
            "/job:localhost/replica:0/task:0/device:GPU:0");
}

}  // namespace
}  // namespace tenon
