// make_template: which variables its calls make and share, where, and what is refused.
#include <stdexcept>

#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using TemplateTest = OnAGraphOfItsOwn;

Output scaled(float x) {
  return x * get_variable("y", {.shape = {}, .initializer = constant_initializer(1.0)});
}

TEST_F(TemplateTest, MakesItsVariablesOnceAndSharesThem) {
  auto scale = make_template("scale", scaled);
  EXPECT_EQ(scale(1.0f).name(), "scale/mul:0");
  EXPECT_EQ(scale(2.0f).name(), "scale_1/mul:0");
  EXPECT_THAT(names_of(scale.variables()), ElementsAre("scale/y:0"));
  EXPECT_THAT(names_of(global_variables()), ElementsAre("scale/y:0"));
}

TEST_F(TemplateTest, TakesANewNameForEachTemplate) {
  auto first = make_template("scale", scaled), second = make_template("scale", scaled);
  first(1.0f);
  EXPECT_EQ(second(1.0f).name(), "scale_1/mul:0");
  EXPECT_THAT(names_of(second.variables()), ElementsAre("scale_1/y:0"));
}

TEST_F(TemplateTest, KeepsItsScopeWhereverItIsCalledAgain) {
  auto scale = make_template("scale", scaled);
  scale(1.0f);
  auto inside = variable_scope("in");
  EXPECT_EQ(scale(1.0f).name(), "in/scale/mul:0");
  EXPECT_EQ(global_variables().size(), 1u);
}

TEST_F(TemplateTest, ChoosesItsScopeAtOnceWhenAsked) {
  auto scale = make_template("now", scaled, {.create_scope_now = true});
  EXPECT_EQ(scale.variable_scope_name(), "now/");
  EXPECT_EQ(scale.variable_scope().original_name_scope(), "now");
  EXPECT_THAT(scale.variables(), IsEmpty());
  auto inside = variable_scope("in");
  EXPECT_EQ(scale(1.0f).name(), "in/now/mul:0");
  EXPECT_EQ(scale(1.0f).name(), "in/now_1/mul:0");
  EXPECT_THAT(names_of(scale.variables()), ElementsAre("now/y:0"));
}

TEST_F(TemplateTest, KnowsNothingBeforeItsFirstCall) {
  auto scale = make_template("scale", scaled);
  EXPECT_EQ(scale.name(), "scale");
  EXPECT_FALSE(scale.variable_scope());
  EXPECT_EQ(scale.variable_scope_name(), "");
  EXPECT_THAT(scale.variables(), IsEmpty());
}

TEST_F(TemplateTest, TakesAUniqueNameAsItIs) {
  auto first = make_template("a", scaled, {.unique_name = "unique"});
  EXPECT_EQ(first(1.0f).name(), "unique/mul:0");
  auto second = make_template("a", scaled, {.unique_name = "unique"});
  expect_error<ValueError>(ErrorKind::already_exists, {"Variable unique/y already exists"},
                           [&] { second(1.0f); });
  EXPECT_EQ(second.variable_scope_name(), "unique/");
}

TEST_F(TemplateTest, ListsItsVariablesByTheirSort) {
  auto make = make_template("t", [] {
    get_variable("a", {.shape = {1}});
    get_local_variable("b", {.shape = {1}});
    get_variable("c", {.shape = {1}, .trainable = false});
  });
  make();
  EXPECT_THAT(names_of(make.variables()), ElementsAre("t/a:0", "t/c:0", "t/b:0"));
  EXPECT_THAT(names_of(make.global_variables()), ElementsAre("t/a:0", "t/c:0"));
  EXPECT_THAT(names_of(make.local_variables()), ElementsAre("t/b:0"));
  EXPECT_THAT(names_of(make.trainable_variables()), ElementsAre("t/a:0"));
  EXPECT_THAT(names_of(make.non_trainable_variables()), ElementsAre("t/c:0"));
}

TEST_F(TemplateTest, RefusesANewNameInALaterCall) {
  auto get =
      make_template("t", [](const char* name) { return get_variable(name, {.shape = {1}}); });
  get("a");
  expect_error<ValueError>(ErrorKind::does_not_exist,
                           {"Variable t/b does not exist",
                            "In template 't', originally defined at ", "template_test.cc:"},
                           [&] { get("b"); });
}

TEST_F(TemplateTest, RefusesATrainableVariableInALaterCall) {
  auto make = make_template("t", [] { return Variable(1.0f, {.name = "b"}); });
  make();
  expect_error<ValueError>(
      ErrorKind::bad_argument,
      {"Trainable variable created when calling a template after the first time, perhaps you used "
       "tf.Variable when you meant tf.get_variable: t_1/b:0"},
      [&] { make(); });
}

TEST_F(TemplateTest, LetsALaterCallMakeWhatIsNotTrained) {
  auto make = make_template("t", [] { return Variable(1.0f, {.name = "b", .trainable = false}); });
  make();
  EXPECT_EQ(make().name(), "t_1/b:0");
}

TEST_F(TemplateTest, StartsAgainAfterAFirstCallThatThrew) {
  bool fails = true;
  auto make = make_template("t", [&] {
    if (std::exchange(fails, false)) throw std::out_of_range("mine");
    return get_variable("v", {.shape = {1}});
  });
  EXPECT_THROW(make(), std::out_of_range);
  EXPECT_EQ(make(), make());
}

TEST_F(TemplateTest, SaysWhichTemplateAnErrorOfAnyClassCameFrom) {
  const auto fails = [] { throw UnimplementedError(ErrorKind::no_kernel, "Not yet."); };
  const int line = __LINE__ + 1;
  auto failing = make_template("failing", fails);
  expect_error<UnimplementedError>(
      ErrorKind::no_kernel,
      {"Not yet. In template 'failing', originally defined at ", ":" + std::to_string(line) + "."},
      [&] { failing(); });
}

TEST_F(TemplateTest, KeepsWhatAFirstCallMadeBeforeItThrew) {
  bool fails = true;
  auto make = make_template("t", [&] {
    const Variable v = get_variable("v", {.shape = {1}});
    if (std::exchange(fails, false)) throw std::out_of_range("mine");
    return v;
  });
  EXPECT_THROW(make(), std::out_of_range);
  expect_error<ValueError>(ErrorKind::already_exists, {"Variable t/v already exists"},
                           [&] { make(); });
  EXPECT_THAT(make.variables(), IsEmpty());
}

TEST_F(TemplateTest, SharesInItsFirstCallInsideAScopeThatReuses) {
  const VariableScope kept = variable_scope("r").scope();
  Variable made;
  {
    auto scope = variable_scope(kept);
    made = make_template("s", [] { return get_variable("y", {.shape = {1}}); })();
  }
  auto scope = variable_scope(kept, {.reuse = true});
  auto again = make_template("s", [] { return get_variable("y", {.shape = {1}}); });
  EXPECT_EQ(again(), made);
}

TEST_F(TemplateTest, CallsItsCustomGetterEachTime) {
  for (const bool now : {false, true}) {
    const CustomGetter getter = [](const Getter& get, const std::string& name,
                                   const GetVariableOptions& options) {
      return get(name + "_x", options);
    };
    auto scale = make_template("cg", scaled, {.create_scope_now = now, .custom_getter = getter});
    scale(1.0f);
    scale(1.0f);
    EXPECT_THAT(names_of(scale.variables()), ElementsAre(now ? "cg_1/y_x:0" : "cg/y_x:0"));
  }
}

TEST_F(TemplateTest, MayCallAnotherTemplateOrItself) {
  auto outer = make_template("outer", [] { return make_template("inner", scaled)(1.0f); });
  EXPECT_EQ(outer().name(), "outer/inner/mul:0");
  EXPECT_EQ(outer().name(), "outer_1/inner/mul:0");
  EXPECT_THAT(names_of(outer.variables()), ElementsAre("outer/inner/y:0"));

  std::function<Variable(int)> self;
  auto recursive = make_template("rec", [&self](int depth) {
    const Variable v = get_variable("v", {.shape = {1}});
    return depth > 0 ? self(depth - 1) : v;
  });
  self = recursive;
  EXPECT_EQ(recursive(2).name(), "rec/v:0");
}

TEST_F(TemplateTest, RefusesAnInvalidNameWhereTheScopeIsOpened) {
  auto bad = make_template("bad name", scaled);
  expect_error<ValueError>(ErrorKind::invalid_name, {"'bad name'"}, [&] { bad(1.0f); });
  EXPECT_EQ(graph.name_scope(), "");
}

}  // namespace
}  // namespace tenon
