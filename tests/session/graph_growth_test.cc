// The warning where a graph grows from run to run, and the value of its global step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include <cstdint>
#include <string>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class GraphGrowthTest : public ::testing::Test {
 protected:
  // What a session says on standard error that runs `rounds` times, with something new each time.
  std::string said(int rounds, const SessionOptions& options, bool grows) {
    ::testing::internal::CaptureStderr();
    Session session(graph_, options);
    Output sum = constant(1.0f);
    for (int i = 0; i < rounds; ++i) {
      if (grows) sum = sum + 1.0f;
      session.run(sum);
    }
    return ::testing::internal::GetCapturedStderr();
  }

  Graph graph_;
  ScopeGuard as_default_ = graph_.as_default();
};

TEST_F(GraphGrowthTest, OperationsMadeInTheLoopAreReportedOnce) {
  const std::string text = said(60, {}, true);
  EXPECT_THAT(text, HasSubstr("the graph has grown before 50 of 51 runs of a session, from 3 to "));
  EXPECT_THAT(text, HasSubstr(std::string("made at ") + __FILE__));
  EXPECT_EQ(text.find('\n'), text.size() - 1);
}

TEST_F(GraphGrowthTest, NothingIsSaidOfAGraphThatStaysOrOfOneThatIsSetUp) {
  EXPECT_THAT(said(200, {}, false), IsEmpty());
  EXPECT_THAT(said(50, {}, true), IsEmpty());
}

TEST_F(GraphGrowthTest, NothingIsSaidWhereItIsMeantSo) {
  EXPECT_THAT(said(60, {.graph_growth_warning = false}, true), IsEmpty());
}

TEST_F(GraphGrowthTest, TheGlobalStepIsANumber) {
  Session session(graph_);
  const Variable step = train::get_or_create_global_step();
  session.run(global_variables_initializer());
  EXPECT_EQ(train::global_step(session, step), 0);
  session.run(step.assign(int64_t{1} << 40));
  EXPECT_EQ(train::global_step(session, step), int64_t{1} << 40);
  EXPECT_EQ(train::global_step(session, constant(7)), 7);
  EXPECT_EQ(train::global_step(session, constant(7.9f)), 7);
  EXPECT_EQ(train::global_step(session, constant(-7.9)), -7);
  EXPECT_ERROR(train::global_step(session, constant(std::nanf(""))), ValueError, bad_argument,
               "No count of steps");
  EXPECT_EQ(train::global_step(session, constant(Tensor(uint8_t{200}))), 200);
}

TEST_F(GraphGrowthTest, AGlobalStepIsAnIntegerScalar) {
  Session session(graph_);
  train::assert_global_step(constant(1));
  train::assert_global_step(placeholder(int64));
  train::assert_global_step(Variable(int64_t{1}));
  EXPECT_ERROR(train::assert_global_step(constant(1.0f)), TypeError, dtype_incompatible,
               "does not have integer type: Const_1:0 is float32");
  EXPECT_ERROR(train::assert_global_step(Variable(Tensor({1, 2}))), TypeError, bad_argument,
               "is not scalar: Variable_1:0 has shape (2,)");
  EXPECT_ERROR(train::global_step(session, constant({1})), TypeError, bad_argument,
               "is not scalar");
}

}  // namespace
}  // namespace tenon
