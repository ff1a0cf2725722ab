// Bad input: each call throws an error of the kind that fits, says what was wrong with what and on
// which line, and leaves graph, variables and collections as they were.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tenon/tenon.h>

#include <functional>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace tenon {
namespace {

struct BadCall {
  const char* name;
  ErrorKind kind;
  std::vector<std::string> parts;  // of the message
  std::function<void()> call;
  bool has_line = true;  // a name that there isn't was made nowhere
};
// GoogleTest looks this name up.
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const BadCall& bad, std::ostream* out) { *out << bad.name; }

Output tensor(const std::string& name) { return get_default_graph().tensor(name + ":0"); }
Output x() { return tensor("x"); }            // (2, 3)
Output row() { return tensor("row"); }        // (4,)
Output images() { return tensor("images"); }  // (1, 8, 8, 3)

class BadInputTest : public ::testing::TestWithParam<BadCall> {
 protected:
  BadInputTest() {
    placeholder(float32, {2, 3}, {.name = "x"});
    placeholder(float32, {4}, {.name = "row"});
    placeholder(float32, {1, 2}, {.name = "narrow"});
    placeholder(int32, {-1}, {.name = "labels"});
    reduce_sum(x(), {.name = "loss"});
    placeholder(float32, {1, 8, 8, 3}, {.name = "images"});
    placeholder(float32, {3, 3, 4, 5}, {.name = "filter"});
    const auto scope = variable_scope("layer");
    get_variable("weights", {.shape = {2, 3}});
    get_variable("steps", {.shape = {}, .dtype = int32, .initializer = zeros_initializer()});
  }

  // All that a call might have changed.
  std::string state() const {
    std::ostringstream text;
    for (const Operation& op : graph_.operations()) text << op.name() << ' ' << op.device() << '\n';
    for (const std::string& key : get_all_collection_keys()) {
      text << key << ": " << get_collection<Ref>(key).size() << '\n';
    }
    for (const char* name : {"bad", "add", "MatMul", "Conv2D", "concat", "stack", "Assign"}) {
      text << graph_.unique_name(name, false) << ' ';
    }
    text << get_variable_scope().name();
    return text.str();
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_P(BadInputTest, ThrowsAndChangesNothing) {
  const BadCall& bad = GetParam();
  const std::string before = state();
  try {
    bad.call();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(to_string(error.kind()), to_string(bad.kind)) << error.what();
    for (const std::string& part : bad.parts) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
    }
    if (bad.has_line) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("bad_input_test.cc:"));
    }
  }
  EXPECT_EQ(state(), before);
  Session session;
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run("layer/steps:0").scalar<int32_t>(), 0);
}

const auto name_of = [](const auto& instance) { return std::string(instance.param.name); };

constexpr ErrorKind kShapes = ErrorKind::shape_incompatible;

INSTANTIATE_TEST_SUITE_P(
    Shapes, BadInputTest,
    ::testing::Values(
        BadCall{
            "Add", kShapes, {"bad", "(2, 3)", "(4,)"}, [] { add(x(), row(), {.name = "bad"}); }},
        BadCall{"Subtract", kShapes, {"(2, 3)", "(4,)"}, [] { x() - row(); }},
        BadCall{"Multiply", kShapes, {"(2, 3)", "(4,)"}, [] { x() * row(); }},
        BadCall{"Divide", kShapes, {"(2, 3)", "(4,)"}, [] { x() / row(); }},
        BadCall{"Maximum", kShapes, {"(2, 3)", "(4,)"}, [] { maximum(x(), row()); }},
        BadCall{"Minimum", kShapes, {"(2, 3)", "(4,)"}, [] { minimum(x(), row()); }},
        BadCall{"Equal", kShapes, {"(2, 3)", "(4,)"}, [] { equal(x(), row()); }},
        BadCall{"MatMul", kShapes, {"3 and 2", "(2, 3)"}, [] { matmul(x(), x()); }},
        BadCall{"MatMulTransposed",
                kShapes,
                {"2 and 3", "(2, 3)"},
                [] { matmul(x(), x(), {.transpose_a = true, .transpose_b = true}); }},
        BadCall{"BiasAdd", kShapes, {"(4,)", "(2, 3)"}, [] { nn::bias_add(x(), row()); }},
        BadCall{"Conv2D",
                kShapes,
                {"(1, 8, 8, 3)", "(3, 3, 4, 5)"},
                [] { nn::conv2d(images(), tensor("filter"), {.padding = "SAME"}); }},
        BadCall{"MaxPool", kShapes, {"9"}, [] { nn::max_pool(images(), {.ksize = {9}}); }},
        BadCall{"AvgPool", kShapes, {"9"}, [] { nn::avg_pool(images(), {.ksize = {9}}); }},
        BadCall{"ReduceSum", kShapes, {"2"}, [] { reduce_sum(x(), {.axis = 2}); }},
        BadCall{"ReduceMean", kShapes, {"-3"}, [] { reduce_mean(x(), {.axis = -3}); }},
        BadCall{"ReduceMax", kShapes, {"2"}, [] { reduce_max(x(), {.axis = 2}); }},
        BadCall{"ArgMax", kShapes, {"5"}, [] { argmax(x(), {.axis = 5}); }},
        BadCall{"CrossEntropy",
                kShapes,
                {"(4,)"},
                [] { nn::softmax_cross_entropy_with_logits({.labels = row(), .logits = x()}); }},
        BadCall{"Reshape", kShapes, {"6", "4"}, [] { reshape(x(), {4}); }},
        BadCall{"Transpose",
                kShapes,
                {"perm"},
                [] {
                  transpose(x(), {.perm = {0, 0}});
                }},
        BadCall{"Concat",
                kShapes,
                {"(1, 2)"},
                [] {
                  concat({x(), tensor("narrow")}, 0);
                }},
        BadCall{"Slice",
                kShapes,
                {"subtracting 3 from 2"},
                [] {
                  slice(x(), {3, 0}, {-1, 3});
                }},
        BadCall{"Pad",
                kShapes,
                {"rank"},
                [] {
                  pad(x(), {{1, 0}});
                }},
        BadCall{"Tile", kShapes, {"rank"}, [] { tile(x(), {2}); }},
        BadCall{"Stack",
                kShapes,
                {"(4,)"},
                [] {
                  stack({x(), row()});
                }},
        BadCall{"Split", kShapes, {"2"}, [] { split(x(), 2, {.axis = 1}); }},
        BadCall{"OneHot", kShapes, {"depth"}, [] { one_hot(tensor("labels"), -1); }},
        BadCall{"Assign", kShapes, {"(2, 3)", "(4,)"}, [] { global_variables()[0].assign(row()); }},
        BadCall{"AssignAdd",
                kShapes,
                {"(2, 3)", "(4,)"},
                [] { global_variables()[0].assign_add(row()); }},
        BadCall{"AssignSub",
                kShapes,
                {"(2, 3)", "(4,)"},
                [] { global_variables()[0].assign_sub(row()); }}),
    name_of);

// In the scope of the fixture's variables, shared or not.
void get_in_layer(Reuse reuse, const char* name, const GetVariableOptions& options) {
  const auto scope = variable_scope("layer", {.reuse = reuse});
  get_variable(name, options);
}

INSTANTIATE_TEST_SUITE_P(
    Variables, BadInputTest,
    ::testing::Values(BadCall{"MadeTwice",
                              ErrorKind::already_exists,
                              {"layer/weights", "made by get_variable at", "bad_input_test.cc:"},
                              [] {
                                get_in_layer(Reuse(), "weights", {.shape = {2, 3}});
                              }},
                      BadCall{"MissingUnderReuse",
                              ErrorKind::does_not_exist,
                              {"layer/weihgts", "layer/weights"},
                              [] {
                                get_in_layer(true, "weihgts", {.shape = {2, 3}});
                              }},
                      BadCall{"SharedInAnotherShape",
                              ErrorKind::shape_mismatch,
                              {"layer/weights", "(3,)", "(2, 3)"},
                              [] { get_in_layer(true, "weights", {.shape = {3}}); }},
                      BadCall{"SharedInAnotherDtype",
                              ErrorKind::dtype_mismatch,
                              {"layer/weights", "float64", "float32"},
                              [] {
                                get_in_layer(true, "weights", {.shape = {2, 3}, .dtype = float64});
                              }},
                      BadCall{"WithoutAShape",
                              ErrorKind::no_shape,
                              {"layer/new"},
                              [] { get_in_layer(Reuse(), "new", {}); }},
                      BadCall{"OfAnUnknownSize",
                              ErrorKind::bad_initializer,
                              {"layer/new", "(?, 3)"},
                              [] {
                                get_in_layer(Reuse(), "new", {.shape = {-1, 3}});
                              }},
                      BadCall{"UnderAnInvalidName",
                              ErrorKind::invalid_name,
                              {"no way!"},
                              [] { get_in_layer(Reuse(), "no way!", {.shape = {1}}); }},
                      BadCall{"InAScopeOfAnInvalidName",
                              ErrorKind::invalid_name,
                              {"a b"},
                              [] { const auto scope = variable_scope("a b"); }}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Others, BadInputTest,
    ::testing::Values(BadCall{"AnInvalidName",
                              ErrorKind::invalid_name,
                              {"a b"},
                              [] { add(x(), x(), {.name = "a b"}); }},
                      BadCall{"ADeviceThatDoesNotParse",
                              ErrorKind::bad_device,
                              {"/nonsense:0"},
                              [] { const auto on = device("/nonsense:0"); }},
                      BadCall{"TrainingOfNothing",
                              ErrorKind::no_gradient,
                              {"layer/weights"},
                              [] { train::AdamOptimizer().minimize(tensor("loss")); }},
                      BadCall{"FeedsOfAnotherShape",
                              ErrorKind::bad_feed_shape,
                              {"(4,)", "'x:0'", "(2, 3)"},
                              [] {
                                Session().run("x:0", {{"x:0", Tensor(float32, {4})}});
                              }},
                      BadCall{"FeedsOfAnotherDtype",
                              ErrorKind::bad_feed,
                              {"int32", "'x:0'", "float32"},
                              [] {
                                Session().run("x:0", {{"x:0", Tensor(int32, {2, 3})}});
                              }},
                      BadCall{"FeedsOfAnUnknownName",
                              ErrorKind::bad_feed,
                              {"y:0"},
                              [] {
                                Session().run("x:0", {{"y:0", Tensor(1.0f)}});
                              },
                              false},
                      BadCall{"FetchesOfAnUnknownName",
                              ErrorKind::bad_fetch,
                              {"y:0"},
                              [] { Session().run("y:0"); },
                              false},
                      BadCall{"FetchesOfAnotherGraph",
                              ErrorKind::bad_fetch,
                              {"there"},
                              [] {
                                const Graph other;
                                Output there;
                                {
                                  const auto as_default = other.enter_as_default();
                                  there = constant(1.0f, {.name = "there"});
                                }
                                Session().run(there);
                              }},
                      BadCall{"AVariableWithoutAValue",
                              ErrorKind::uninitialized,
                              {"layer/weights", "global_variables_initializer"},
                              [] { Session().run("layer/weights:0"); }}),
    name_of);

class BadGraphTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

TEST_F(BadGraphTest, GradientsAreEmptyWhereNoPathLeads) {
  const Variable used = get_variable("used", {.shape = {2}});
  const Variable unused = get_variable("unused", {.shape = {2}});
  const std::vector<Output> slopes = gradients({reduce_sum(used * 2.0f)}, {used, unused});
  EXPECT_TRUE(static_cast<bool>(slopes[0]));
  EXPECT_FALSE(static_cast<bool>(slopes[1]));
}

TEST_F(BadGraphTest, ALearningRateOfNanTrainsToNanAndCheckNumericsNamesWhere) {
  const Variable w = get_variable("w", {.shape = {2}, .initializer = ones_initializer()});
  const Output loss = reduce_sum(square(w));
  const Output checked = check_numerics(loss, "the loss", {.name = "checked"});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Operation train = train::GradientDescentOptimizer({.learning_rate = nan}).minimize(loss);
  Session session;
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run(checked).scalar<float>(), 2.0f);
  session.run(train);
  EXPECT_TRUE(std::isnan(session.run(loss).scalar<float>()));
  try {
    session.run(checked);
    FAIL() << "nothing was thrown";
  } catch (const InvalidArgumentError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("the loss"));
    EXPECT_THAT(error.what(), ::testing::HasSubstr("checked"));
  }
  session.run(global_variables_initializer());
  EXPECT_EQ(session.run(checked).scalar<float>(), 2.0f);
}

// The session keeps what it runs: handles by themselves can't be used when the graph's owner is
// gone.
TEST(DeadGraphTest, ASessionRunsOnByNameUntilItGoesToo) {
  Variable w;
  Output doubled;
  std::unique_ptr<Session> session;
  {
    const Graph graph;
    const auto as_default = graph.enter_as_default();
    w = get_variable("w", {.shape = {}, .initializer = ones_initializer()});
    doubled = multiply(w, 2.0f, {.name = "doubled"});
    session = std::make_unique<Session>();
    session->run(global_variables_initializer());
  }
  EXPECT_EQ(session->run("doubled:0").scalar<float>(), 2.0f);
  EXPECT_EQ(session->run(doubled).scalar<float>(), 2.0f);
  const Graph second;
  const auto in_second = second.enter_as_default();
  const Output here = constant(1.0f, {.name = "here"});
  Session other;
  EXPECT_THROW(other.run(doubled), ValueError) << "it is of another graph";
  session.reset();
  const std::vector<std::function<void()>> uses = {[&] { other.run(doubled); },
                                                   [&] { other.run(w); },
                                                   [&] { other.make_callable({w}); },
                                                   [&] {
                                                     other.run(here, {{doubled, Tensor(1.0f)}});
                                                   },
                                                   [&] { gradients({doubled}, {w}); },
                                                   [&] { doubled + here; },
                                                   [&] { w.assign(2.0f); }};
  for (const auto& use : uses) {
    try {
      use();
      ADD_FAILURE() << "nothing was thrown";
    } catch (const FailedPreconditionError& error) {
      EXPECT_EQ(to_string(error.kind()), to_string(ErrorKind::closed)) << error.what();
      EXPECT_THAT(error.what(), ::testing::HasSubstr("gone"));
    }
  }
}

}  // namespace
}  // namespace tenon
