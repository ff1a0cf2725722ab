// variable_creator_scope: who is asked for which variable, with what, and what may be answered.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using VariableCreatorTest = OnAGraphOfItsOwn;

VariableCreator noting(std::vector<std::string>& log, const std::string& tag) {
  return [&log, tag](const NextCreator& next, const InitialValue& value,
                     const VariableOptions& options) {
    log.push_back(tag + " " + options.name);
    return next(value, options);
  };
}

TEST_F(VariableCreatorTest, IsAskedInnermostFirstWithTheFullName) {
  std::vector<std::string> log;
  auto outer = variable_creator_scope(noting(log, "outer"));
  auto inner = variable_creator_scope(noting(log, "inner"));
  auto scope = variable_scope("s");
  EXPECT_EQ(get_w(2).name(), "s/w:0");
  EXPECT_THAT(log, ElementsAre("inner s/w", "outer s/w"));
}

TEST_F(VariableCreatorTest, SeesTheNameAsVariableWasGivenIt) {
  std::vector<std::string> log;
  auto creators = variable_creator_scope(noting(log, "c"));
  auto scope = variable_scope("s");
  EXPECT_EQ(Variable(1.0f, {.name = "u"}).name(), "s/u:0");
  EXPECT_EQ(Variable(1.0f).name(), "s/Variable:0");
  EXPECT_THAT(log, ElementsAre("c u", "c "));
}

TEST_F(VariableCreatorTest, IsAskedForEachPartAndNeverForAShare) {
  std::vector<std::string> log;
  auto creators = variable_creator_scope(noting(log, "c"));
  const Variable whole =
      get_variable("p", {.shape = {4}, .partitioner = fixed_size_partitioner(2)});
  EXPECT_THAT(log, ElementsAre("c p/part_0", "c p/part_1"));
  log.clear();
  auto scope = variable_scope("", {.reuse = true});
  EXPECT_EQ(get_variable("p", {.shape = {4}}), whole);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(VariableCreatorTest, IsAskedAfterCustomGetters) {
  std::vector<std::string> log;
  auto creators = variable_creator_scope(noting(log, "creator"));
  auto scope =
      variable_scope("a", {.custom_getter = [&log](const Getter& getter, const std::string& name,
                                                   const GetVariableOptions& options) {
                       log.push_back("getter " + name);
                       return getter(name + "_x", options);
                     }});
  get_w(2);
  EXPECT_THAT(log, ElementsAre("getter a/w", "creator a/w_x"));
}

TEST_F(VariableCreatorTest, IsAskedForSlots) {
  const Variable made = get_w(2);
  std::vector<std::string> log;
  auto creators = variable_creator_scope(noting(log, "c"));
  train::MomentumOptimizer({.learning_rate = 0.1, .momentum = 0.9}).minimize(reduce_sum(made));
  EXPECT_THAT(log, ElementsAre("c w/Momentum/"));
}

TEST_F(VariableCreatorTest, FindsTheArgumentsOfGetVariableFilledIn) {
  VariableOptions seen;
  auto creators = variable_creator_scope(
      [&seen](const NextCreator& next, const InitialValue& value, const VariableOptions& options) {
        seen = options;
        return next(value, options);
      });
  get_local_variable("l", {.shape = {2}});
  EXPECT_EQ(seen.dtype, float32);
  EXPECT_EQ(seen.shape, Shape({2}));
  EXPECT_EQ(seen.trainable, false);
  EXPECT_EQ(seen.use_resource, false);
  EXPECT_THAT(*seen.collections, ElementsAre("local_variables"));
}

TEST_F(VariableCreatorTest, SharesUnderTheNameThatWasAskedFor) {
  auto creators = variable_creator_scope(
      [](const NextCreator& next, const InitialValue& value, VariableOptions options) {
        options.name += "_r";
        return next(value, options);
      });
  const Variable made = get_w(2);
  EXPECT_EQ(made.name(), "w_r:0");
  expect_error<ValueError>(ErrorKind::already_exists, {"Variable w already exists"},
                           [] { get_w(); });
  auto scope = variable_scope("", {.reuse = true});
  EXPECT_EQ(get_w(2), made);
  expect_error<ValueError>(ErrorKind::does_not_exist, {"made by get_variable at ", "the name w"},
                           [] { get_variable("w_r", {.shape = {2}}); });
}

TEST_F(VariableCreatorTest, MayChangeValueAndOptions) {
  auto creators = variable_creator_scope(
      [](const NextCreator& next, const InitialValue&, VariableOptions options) {
        options.shape.reset();
        options.trainable = false;
        options.collections = {"mine"};
        return next([] { return ones({3}); }, options);
      });
  EXPECT_EQ(get_w(2).shape(), Shape({3}));
  EXPECT_THAT(trainable_variables(), IsEmpty());
  EXPECT_THAT(global_variables(), IsEmpty());
  EXPECT_THAT(names_of(get_collection<Variable>("mine")), ElementsAre("w:0"));
}

TEST_F(VariableCreatorTest, MayAnswerAnotherVariable) {
  const Variable kept = get_variable("kept", {.shape = {2}});
  auto creators = variable_creator_scope(
      [&](const NextCreator&, const InitialValue&, const VariableOptions&) { return kept; });
  EXPECT_EQ(get_w(2), kept);
  EXPECT_EQ(Variable(1.0f), kept);
}

TEST_F(VariableCreatorTest, MayMakeVariablesOfItsOwn) {
  int asked = 0;
  auto creators = variable_creator_scope(
      [&](const NextCreator& next, const InitialValue& value, const VariableOptions& options) {
        if (++asked < 3) Variable(0.0f, {.name = "extra"});
        return next(value, options);
      });
  get_w(2);
  EXPECT_THAT(names_of(global_variables()), ElementsAre("extra:0", "extra_1:0", "w:0"));
}

TEST_F(VariableCreatorTest, MustAnswerSomething) {
  auto creators = variable_creator_scope(
      [](const NextCreator&, const InitialValue&, const VariableOptions&) { return Variable(); });
  expect_error<ValueError>(ErrorKind::bad_argument, {"returned no variable for w"},
                           [] { get_w(); });
  EXPECT_THAT(operations(), IsEmpty());
}

TEST_F(VariableCreatorTest, IsStoppedWhenItCallsItselfWithoutEnd) {
  auto creators = variable_creator_scope([](const NextCreator&, const InitialValue&,
                                            const VariableOptions&) { return Variable(1.0f); });
  expect_error<RuntimeError>(ErrorKind::bad_argument, {"call themselves without end"},
                             [] { get_w(); });
  EXPECT_THAT(operations(), IsEmpty());
}

TEST_F(VariableCreatorTest, BelongsToItsGraph) {
  std::vector<std::string> log;
  auto creators = variable_creator_scope(noting(log, "c"));
  Graph other;
  auto as_default = other.as_default();
  get_w(2);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(VariableCreatorTest, IsNoLongerAskedWhenItsScopeIsLeft) {
  std::vector<std::string> log;
  Context context = enter_variable_creator_scope(noting(log, "c"));
  context.exit();
  get_w(2);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(VariableCreatorTest, MayNotBeEmpty) {
  expect_error<ValueError>(ErrorKind::bad_argument, {"needs a function"},
                           [] { auto scope = variable_creator_scope({}); });
}

}  // namespace
}  // namespace tenon
