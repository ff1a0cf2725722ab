// What a scope says for the variables made in it: as its argument, inherited, set later, and where
// get_variable says something else.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ScopeDefaultsTest : public OnAGraphOfItsOwn {
 protected:
  // A scope that says everything.
  VariableScopeOptions all() {
    return {.initializer = ones_initializer,
            .regularizer = l2_regularizer(1.0),
            .caching_device = "/cpu:0",
            .partitioner = fixed_size_partitioner(2),
            .custom_getter = getter(),
            .dtype = float64,
            .use_resource = true,
            .constraint = [](const Output& value) { return value; }};
  }

  CustomGetter getter() {
    return [this](const Getter& next, const std::string& name, const GetVariableOptions& options) {
      asked_for_.push_back(name);
      return next(name, options);
    };
  }

  // That a variable is made as all() says.
  void expect_all(const Variable& made, const std::string& name) {
    EXPECT_TRUE(made.is_partitioned());
    ASSERT_EQ(made.parts().size(), 2u);
    const Variable part = made.parts()[0];
    EXPECT_EQ(part.name(), name + "/part_0:0");
    EXPECT_EQ(part.dtype(), float64);
    EXPECT_TRUE(part.is_resource());
    EXPECT_EQ(part.value().device(), "/device:CPU:0");
    EXPECT_EQ(part.initial_value().op().name(), name + "/part_0/Initializer/ones");
    EXPECT_THAT(asked_for_, ElementsAre(name));
    EXPECT_EQ(get_collection<Output>(GraphKeys::REGULARIZATION_LOSSES).size(), 2u);
  }

  std::vector<std::string> asked_for_;
};

TEST_F(ScopeDefaultsTest, AreTheArgumentsOfItsVariables) {
  auto scope = variable_scope("a", all());
  const Variable made = get_w(2);
  expect_all(made, "a/w");
  EXPECT_TRUE(made.parts()[0].constraint());
}

TEST_F(ScopeDefaultsTest, AreInheritedByAScopeOpenedByNameButForTheConstraint) {
  auto outer = variable_scope("a", all());
  auto inner = variable_scope("b");
  const Variable made = get_w(2);
  expect_all(made, "a/b/w");
  EXPECT_FALSE(made.parts()[0].constraint());
}

TEST_F(ScopeDefaultsTest, StayWithAScopeThatIsEnteredAgainButForTheConstraint) {
  VariableScope kept;
  {
    auto scope = variable_scope("a", all());
    kept = scope;
  }
  auto elsewhere = variable_scope("b");
  auto again = variable_scope(kept);
  const Variable made = get_w(2);
  expect_all(made, "a/w");
  EXPECT_FALSE(made.parts()[0].constraint());
}

TEST_F(ScopeDefaultsTest, AreReplacedByThoseOfAnInnerScope) {
  auto outer = variable_scope("a", all());
  auto inner = variable_scope("b", {.initializer = zeros_initializer,
                                    .regularizer = no_regularizer,
                                    .caching_device = "/gpu:0",
                                    .partitioner = fixed_size_partitioner(1),
                                    .custom_getter = getter(),
                                    .dtype = float32,
                                    .use_resource = false});
  const Variable made = get_w(2).parts()[0];
  EXPECT_EQ(made.dtype(), float32);
  EXPECT_FALSE(made.is_resource());
  EXPECT_EQ(made.value().device(), "/device:GPU:0");
  EXPECT_EQ(made.initial_value().op().name(), "a/b/w/part_0/Initializer/zeros");
  EXPECT_THAT(asked_for_, ElementsAre("a/b/w", "a/b/w"));  // the outer getter, too
  EXPECT_THAT(get_collection<Output>(GraphKeys::REGULARIZATION_LOSSES), IsEmpty());
}

TEST_F(ScopeDefaultsTest, GiveWayToGetVariablesOwnArguments) {
  auto scope = variable_scope("a", all());
  const Constraint constraint = [](const Output& value) { return 2.0 * value; };
  int calls = 0;
  const Variable made = get_variable("w", {.shape = {2},
                                           .dtype = float32,
                                           .initializer = zeros_initializer,
                                           .regularizer = l1_regularizer(1.0),
                                           .caching_device = "/gpu:0",
                                           .partitioner = fixed_size_partitioner(1),
                                           .use_resource = false,
                                           .custom_getter =
                                               [&calls](const Getter& next, const std::string& name,
                                                        const GetVariableOptions& options) {
                                                 ++calls;
                                                 return next(name, options);
                                               },
                                           .constraint = constraint})
                            .parts()[0];
  EXPECT_EQ(made.dtype(), float32);
  EXPECT_FALSE(made.is_resource());
  EXPECT_EQ(made.value().device(), "/device:GPU:0");
  EXPECT_EQ(made.initial_value().op().name(), "a/w/part_0/Initializer/zeros");
  EXPECT_EQ(made.constraint()(constant(1.0)).op().type(), "Mul");
  EXPECT_EQ(calls, 1);
  EXPECT_THAT(asked_for_, IsEmpty());
  const auto losses = get_collection<Output>(GraphKeys::REGULARIZATION_LOSSES);
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].name(), "a/w/part_0/Regularizer/l1_regularizer:0");
}

TEST_F(ScopeDefaultsTest, MayBeSetLaterForWhatIsMadeFromThenOn) {
  auto scope = variable_scope("a");
  auto open_already = variable_scope("b");
  const VariableScope& set = scope.scope();
  set.set_initializer(ones_initializer);
  set.set_regularizer(l2_regularizer(1.0));
  set.set_caching_device("/cpu:0");
  set.set_partitioner(fixed_size_partitioner(2));
  set.set_custom_getter(getter());
  set.set_dtype(float64);
  set.set_use_resource(true);
  EXPECT_FALSE(get_w(2).is_partitioned());  // a/b was open before
  auto again = variable_scope(set);
  expect_all(get_w(2), "a/w");
}

}  // namespace
}  // namespace tenon
