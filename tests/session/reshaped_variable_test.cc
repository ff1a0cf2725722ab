// Variables that a run gives another shape than they had, or than they are declared with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;

class ReshapedVariableTest : public ::testing::Test {
 private:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

// Whether a resource variable.
class OpenShapeTest : public ReshapedVariableTest, public ::testing::WithParamInterface<bool> {
 protected:
  // Declares no shape: its values may have any.
  OpenShapeTest()
      : value_(placeholder(float32)),
        v_(value_, {.name = "v", .validate_shape = false, .use_resource = GetParam()}),
        assign_(assign(v_, value_, {.validate_shape = false})) {}
  std::vector<float> assigned(Session& session, const Output& fetch, const Tensor& value) const {
    return session.run(fetch, {{value_, value}}).to_vector<float>();
  }

  const Output value_;
  const Variable v_;
  const Output assign_;
};

TEST_P(OpenShapeTest, TakesLongerAndShorterValues) {
  Session session;
  session.run(v_.initializer(), {{value_, Tensor({1.0F, 2.0F})}});
  EXPECT_THAT(assigned(session, assign_, Tensor({1.0F, 2.0F, 3.0F, 4.0F})),
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(session.run(v_).to_vector<float>(), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(assigned(session, assign_, Tensor({5.0F})), ElementsAre(5));
  EXPECT_THAT(session.run(v_).to_vector<float>(), ElementsAre(5));
}

TEST_P(OpenShapeTest, IsReadInItsNewShapeInTheSameRun) {
  Output doubled;
  {
    const ScopeGuard after = control_dependencies({assign_});
    doubled = v_.read_value() * 2.0F;
  }
  Session session;
  session.run(v_.initializer(), {{value_, Tensor({1.0F, 2.0F})}});
  EXPECT_THAT(assigned(session, doubled, Tensor({1.0F, 2.0F, 3.0F})), ElementsAre(2, 4, 6));
  EXPECT_THAT(assigned(session, doubled, Tensor({4.0F})), ElementsAre(8));
  EXPECT_THAT(assigned(session, doubled, Tensor({5.0F})), ElementsAre(10));
}

TEST_P(OpenShapeTest, IsReadAsItWasByWhatNothingOrdersBehindTheAssignment) {
  const Output before = v_.read_value() * 1.0F;
  Output after;
  {
    const ScopeGuard behind = control_dependencies({assign_});
    after = v_.read_value() + 1.0F;
  }
  Session session;
  session.run(v_.initializer(), {{value_, Tensor({1.0F, 2.0F})}});
  const std::vector<Tensor> both = session.run({before, after}, {{value_, Tensor({7.0F})}});
  EXPECT_THAT(both[0].to_vector<float>(), ElementsAre(1, 2));
  EXPECT_THAT(both[1].to_vector<float>(), ElementsAre(8));
}

INSTANTIATE_TEST_SUITE_P(Variables, OpenShapeTest, ::testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Resource" : "Reference"; });

TEST_F(ReshapedVariableTest, HasTheShapeThatItWasGivenWhateverIsDeclared) {
  const Variable v(Tensor({1.0F, 2.0F}), {.name = "v"});
  const Output grow = assign(v, {{1.0F, 2.0F, 3.0F}}, {.validate_shape = false});
  const Output back = assign(v, {9.0F, 8.0F}, {.validate_shape = false});
  const Output twice = v * 2.0F, added = v.assign_add({1.0F, 1.0F});
  Session session;
  session.run(v.initializer());
  EXPECT_THAT(session.run(twice).to_vector<float>(), ElementsAre(2, 4));
  EXPECT_EQ(session.run(grow).shape(), Shape({1, 3}));
  EXPECT_EQ(session.run(v).shape(), Shape({1, 3}));
  EXPECT_THAT(session.run(twice).to_vector<float>(), ElementsAre(2, 4, 6));
  EXPECT_ERROR(session.run(added), InvalidArgumentError, shape_incompatible, "(1, 3)");
  EXPECT_ERROR(session.run(v.initializer()), InvalidArgumentError, shape_incompatible, "(1, 3)");
  session.run(back);
  EXPECT_THAT(session.run(added).to_vector<float>(), ElementsAre(10, 9));
  session.run(v.initializer());
  EXPECT_THAT(session.run(v).to_vector<float>(), ElementsAre(1, 2));
}

TEST_F(ReshapedVariableTest, CallablesFollow) {
  const Variable v(Tensor({1.0F, 2.0F}), {.name = "v"});
  const Output grow = assign(v, {1.0F, 2.0F, 3.0F}, {.validate_shape = false});
  Session session;
  session.run(v.initializer());
  const Callable read = session.make_callable({v + 1.0F});
  EXPECT_THAT(read()[0].to_vector<float>(), ElementsAre(2, 3));
  session.run(grow);
  EXPECT_THAT(read()[0].to_vector<float>(), ElementsAre(2, 3, 4));
}

TEST_F(ReshapedVariableTest, InitializedValueOfAnotherShapeIsRefused) {
  const Output value = placeholder(float32);
  const Variable v(value, {.name = "v", .validate_shape = false, .shape = Shape{4}});
  const Output start = v.initialized_value();
  Session session;
  EXPECT_ERROR(session.run(start, {{value, Tensor({1.0F})}}), InvalidArgumentError,
               shape_incompatible,
               "The initial value has shape (1,), but the variable v has shape");
  const Tensor whole({1.0F, 2.0F, 3.0F, 4.0F});
  EXPECT_THAT(session.run(start, {{value, whole}}).to_vector<float>(), ElementsAre(1, 2, 3, 4));
}

TEST_F(ReshapedVariableTest, AReferenceVariableOfNoElementsNeedsNoInitializer) {
  const Variable v(Tensor(float32, {2, 0}), {.name = "v"});
  const Variable w(Tensor(float32, {2, 0}), {.name = "w", .use_resource = true});
  Session session;
  EXPECT_EQ(session.run(v).shape(), Shape({2, 0}));
  EXPECT_TRUE(session.run(v.is_initialized()).scalar<bool>());
  EXPECT_EQ(session.run(report_uninitialized_variables()).data<std::string>()[0], "w");
  EXPECT_ERROR(session.run(w), FailedPreconditionError, uninitialized, "w");
}

TEST_F(ReshapedVariableTest, AFedVariableIsInitialized) {
  for (const bool use_resource : {false, true}) {
    const Variable v(Tensor({1.0F, 2.0F}), {.name = "v", .use_resource = use_resource});
    const Output asked = v.is_initialized(), value = v.initialized_value();
    Session session;
    EXPECT_FALSE(session.run(asked).scalar<bool>());
    const std::vector<Tensor> fed = session.run({asked, value}, {{v, Tensor({5.0F, 6.0F})}});
    EXPECT_TRUE(fed[0].scalar<bool>());
    EXPECT_THAT(fed[1].to_vector<float>(), ElementsAre(5, 6));
  }
}

}  // namespace
}  // namespace tenon
