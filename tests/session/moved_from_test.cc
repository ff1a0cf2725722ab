// What was moved from says so, whatever it is asked.
#include <gtest/gtest.h>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

// To use what was moved from is what is tried here.
// NOLINTBEGIN(bugprone-use-after-move)

class MovedFromTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Output x_ = placeholder(float32, {-1}, {.name = "x"});
};

TEST_F(MovedFromTest, ASessionSaysSo) {
  const Variable v(1.0f);
  Session from;
  const Session to(std::move(from));
  const Feeds feeds = {{x_, Tensor({1.0f})}};
  EXPECT_MOVED_FROM(from.run(x_, feeds));
  EXPECT_MOVED_FROM(from.run({x_, x_}, feeds));
  EXPECT_MOVED_FROM(from.run(std::vector<Fetch>{x_}, feeds));
  EXPECT_MOVED_FROM(from.make_callable({x_}, {x_}));
  EXPECT_MOVED_FROM(from.close());
  EXPECT_MOVED_FROM(from.graph());
  EXPECT_MOVED_FROM(from.list_devices());
  EXPECT_MOVED_FROM(from.variable_allocations());
  EXPECT_MOVED_FROM(from.plan_text({x_}, feeds));
  EXPECT_MOVED_FROM(from.explain_placement());
  EXPECT_MOVED_FROM(from.explain_placement({x_}, feeds));
  EXPECT_MOVED_FROM(v.load(Tensor(2.0f), from));
}

TEST_F(MovedFromTest, ASessionThatIsGivenAnotherOnesStateWorksAgain) {
  Session from;
  Session to(std::move(from));
  from = std::move(to);
  EXPECT_EQ(from.run(x_, {{x_, Tensor({1.0f})}}).shape(), Shape({1}));
  EXPECT_MOVED_FROM(to.run(x_));
}

TEST_F(MovedFromTest, ACallableSaysSo) {
  Session session;
  Callable from = session.make_callable({x_ + 1.0f}, {x_});
  const Callable to = std::move(from);
  std::vector<Tensor> room = {Tensor()};
  const std::vector<Tensor> feeds = {Tensor({1.0f})};
  EXPECT_MOVED_FROM(from({Tensor({1.0f})}));
  EXPECT_MOVED_FROM(from(feeds));
  EXPECT_MOVED_FROM(from.run_into({Tensor({1.0f})}, room));
  EXPECT_MOVED_FROM(from.run_into(feeds, room));
  EXPECT_EQ(to(feeds)[0].data<float>()[0], 2.0f);
}

TEST_F(MovedFromTest, AServerSaysSo) {
  train::Server from = train::Server::create_local_server();
  const train::Server to(std::move(from));
  EXPECT_MOVED_FROM(from.start());
  EXPECT_MOVED_FROM(from.stop());
  EXPECT_MOVED_FROM(from.join());
  EXPECT_MOVED_FROM(from.target());
  EXPECT_MOVED_FROM(from.cluster());
  EXPECT_MOVED_FROM(from.job_name());
  EXPECT_MOVED_FROM(from.task_index());
  Session session({.target = to.target()});
  EXPECT_EQ(session.run(constant(1.0f)).scalar<float>(), 1.0f);
}

// NOLINTEND(bugprone-use-after-move)

}  // namespace
}  // namespace tenon
