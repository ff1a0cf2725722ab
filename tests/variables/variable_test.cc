// The nodes of variables: their names, structure, places; and what handles answer.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using VariableTest = OnAGraphOfItsOwn;

TEST_F(VariableTest, IsMadeOfTensorFlowsNodes) {
  get_variable("w", {.shape = {2}, .initializer = zeros_initializer});
  EXPECT_THAT(operations(), ElementsAre("w/Initializer/zeros", "w", "w/Assign", "w/read"));
  EXPECT_EQ(graph.operation("w").type(), "VariableV2");
  EXPECT_EQ(graph.operation("w/Assign").type(), "Assign");
}

TEST_F(VariableTest, IsMadeOfResourceNodesWhenAskedFor) {
  const Variable r({1.0f, 2.0f}, {.name = "r", .use_resource = true});
  EXPECT_TRUE(r.is_resource());
  EXPECT_THAT(operations(),
              ElementsAre("r/Initializer/initial_value", "r", "r/IsInitialized/VarIsInitializedOp",
                          "r/Assign", "r/Read/ReadVariableOp"));
  EXPECT_EQ(r.name(), "r:0");
  EXPECT_EQ(r.shape(), Shape({2}));
}

TEST_F(VariableTest, HasAHandleThatIsAScalarWhateverItsShape) {
  const Variable v(zeros({2, 3}), {.name = "v", .use_resource = true});
  EXPECT_EQ(graph.tensor("v:0").shape(), Shape({}));
  EXPECT_EQ(graph.tensor("v:0").dtype(), DType::resource);
  EXPECT_EQ(v.shape(), Shape({2, 3}));
}

TEST_F(VariableTest, TakesAValueAsItIs) {
  get_variable("w", {.initializer = {1.0f, 2.0f}});
  EXPECT_THAT(operations(), ElementsAre("w/initial_value", "w", "w/Assign", "w/read"));
}

TEST_F(VariableTest, CallsAFunctionWhereItsInitializerIs) {
  get_variable("w", {.initializer = [] { return constant(3.0f); }});
  EXPECT_THAT(operations(), ElementsAre("w/Initializer/Const", "w", "w/Assign", "w/read"));
}

TEST_F(VariableTest, FollowsNameScopesWhenItIsNew) {
  for (const char* name : {"s/v:0", "s_1/v:0"}) {
    auto scope = variable_scope("s");
    EXPECT_EQ(Variable(1.0f, {.name = "v"}).name(), name);
  }
  EXPECT_EQ(Variable(1.0f).name(), "Variable:0");
  EXPECT_EQ(Variable(1.0f).name(), "Variable_1:0");
}

TEST_F(VariableTest, TakesShapeAndDtypeFromItsValue) {
  const Variable v(Tensor({{1, 2, 3}}));
  EXPECT_EQ(v.dtype(), int32);
  EXPECT_EQ(v.shape(), Shape({1, 3}));
  EXPECT_EQ(Variable(1.5f, {.dtype = float64}).dtype(), float64);
}

TEST_F(VariableTest, RefusesAValueThatLosesSomethingInItsDtype) {
  expect_error<TypeError>(ErrorKind::dtype_incompatible, {"int32"},
                          [] { Variable(1.5f, {.name = "v", .dtype = int32}); });
}

TEST_F(VariableTest, NeedsAnInitialValueOfKnownShape) {
  expect_error<ValueError>(ErrorKind::no_shape, {"initial_value must be specified", "Variable v"},
                           [] { Variable(InitialValue(), {.name = "v"}); });
  const Output x = placeholder(float32, {-1});
  expect_error<ValueError>(ErrorKind::no_shape, {"initial_value must have a shape specified"},
                           [&] { Variable(x, {.name = "w"}); });
  EXPECT_EQ(Variable(x, {.name = "u", .validate_shape = false}).shape(), Shape::unknown());
}

TEST_F(VariableTest, NeedsAShapeOrAnInitializer) {
  expect_error<ValueError>(ErrorKind::no_shape,
                           {"Variable w did not get an initializer, so its `shape` argument must "
                            "be specified.",
                            "variable_test.cc:"},
                           [] { get_variable("w"); });
  expect_error<ValueError>(ErrorKind::bad_initializer, {"The initializer passed is not valid"}, [] {
    get_variable("w", {.shape = {-1, 2}});
  });
  expect_error<ValueError>(
      ErrorKind::constant_with_shape, {"initializer of variable w is a function"},
      [] { get_variable("w", {.shape = {2}, .initializer = [] { return constant(1.0f); }}); });
}

TEST_F(VariableTest, RefusesAValueOfAnotherDtypeThanAskedFor) {
  expect_error<ValueError>(ErrorKind::bad_initializer,
                           {"Initializer type 'float32' and explicit dtype 'int32' don't match."},
                           [] { get_variable("w", {.dtype = int32, .initializer = {1.0f}}); });
}

TEST_F(VariableTest, RefusesSizesThatNoMemoryHas) {
  expect_error<ValueError>(ErrorKind::shape_incompatible,
                           {"Dimension -5 must be >= 0", "Variable w"},
                           [] { get_variable("w", {.shape = {-5}}); });
  const int64_t large = int64_t{1} << 40;
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"is too large", "Variable w"}, [=] {
    get_variable("w", {.shape = {large, large}});
  });
  EXPECT_TRUE(operations().empty());
}

TEST_F(VariableTest, IsNamedAfterItsScopeOrOperationWithoutAName) {
  EXPECT_EQ(get_variable("", {.shape = {1}}).name(), "VariableV2:0");
  auto scope = variable_scope("a");
  EXPECT_EQ(get_variable("", {.shape = {1}}).name(), "a:0");
}

TEST_F(VariableTest, AcceptsNamesOfAnyLength) {
  const std::string name(10000, 'n');
  EXPECT_EQ(get_variable(name, {.shape = {1}}).name(), name + ":0");
}

TEST_F(VariableTest, RefusesAnInvalidName) {
  expect_error<ValueError>(ErrorKind::invalid_name, {"'no way!'"},
                           [] { get_variable("no way!", {.shape = {1}}); });
  EXPECT_TRUE(operations().empty());
  EXPECT_TRUE(global_variables().empty());
}

TEST_F(VariableTest, IsPlacedByTheDevicesInForceAndItsInitializerWithIt) {
  auto on = device("/job:ps");
  const Variable w = get_variable("w", {.shape = {1}, .initializer = zeros_initializer});
  EXPECT_EQ(w.device(), "/job:ps");
  EXPECT_EQ(graph.operation("w/Initializer/zeros").device(), "");
  EXPECT_EQ(w.initializer().device(), "/job:ps");
  EXPECT_EQ(w.value().device(), "/job:ps");
}

TEST_F(VariableTest, IsWrittenOnItsDeviceAndReadOnTheCallers) {
  const Variable v(1.0f, {.name = "v"});
  auto on = device("/device:GPU:1");
  const Output assigned = v.assign_add(2.0f);
  EXPECT_EQ(assigned.name(), "AssignAdd:0");
  EXPECT_EQ(assigned.device(), "");
  EXPECT_EQ(graph.operation("AssignAdd/value").device(), "/device:GPU:1");
  EXPECT_EQ(v.read_value().device(), "/device:GPU:1");
}

TEST_F(VariableTest, IsCachedWhereAskedFor) {
  const Variable v(1.0f, {.name = "v", .caching_device = "/device:GPU:0"});
  EXPECT_EQ(v.value().device(), "/device:GPU:0");
  EXPECT_EQ(v.device(), "");
  EXPECT_EQ(v.read_value().device(), "");
}

TEST_F(VariableTest, IsMadeOutsideOfControlDependencies) {
  const Operation before = no_op();
  auto after = control_dependencies({before});
  const Variable v(1.0f);
  EXPECT_TRUE(v.initializer().control_inputs().empty());
  EXPECT_EQ(v.read_value().op().control_inputs().size(), 1u);
}

TEST_F(VariableTest, RefusesAValueOfAnotherShapeOrDtype) {
  const Variable v({1.0f, 2.0f}, {.name = "v"});
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"(2,)", "(3,)"}, [&] {
    v.assign({1.0f, 2.0f, 3.0f});
  });
  expect_error<TypeError>(ErrorKind::dtype_incompatible, {"float32"}, [&] {
    v.assign(Tensor({1, 2}));
  });
}

TEST_F(VariableTest, ReadsAResourceAnewAfterAWrite) {
  const Variable r(1.0f, {.name = "r", .use_resource = true});
  const Output after = r.assign_add(1.0f);
  EXPECT_EQ(after.op().type(), "ReadVariableOp");
  EXPECT_EQ(after.op().control_inputs()[0].name(), "AssignAddVariableOp");
  EXPECT_EQ(after.shape(), Shape());
  EXPECT_NE(r.value(), r.value());
}

TEST_F(VariableTest, FallsBackToTheInitialValuesOfOthersInItsOwn) {
  const Variable v({1.0f, 2.0f}, {.name = "v"});
  const Variable w(2.0f * v, {.name = "w"});
  const Operation guarded = w.initializer().input(1).op();
  EXPECT_EQ(guarded.name(), "mul_w");
  EXPECT_EQ(guarded.input(1).name(), "v/read_w:0");
  EXPECT_EQ(guarded.input(1).op().input(0).name(), "w/cond/Merge:0");
  EXPECT_EQ(w.initial_value().name(), "mul:0");
}

TEST_F(VariableTest, KeepsWhatItWasMadeWith) {
  const Constraint constraint = [](const Output& value) { return value; };
  const int line = __LINE__ + 1;
  const Variable v = get_variable("v", {.shape = {1},
                                        .constraint = constraint,
                                        .synchronization = VariableSynchronization::ON_WRITE,
                                        .aggregation = VariableAggregation::MEAN});
  EXPECT_TRUE(v.constraint());
  EXPECT_EQ(v.synchronization(), VariableSynchronization::ON_WRITE);
  EXPECT_EQ(v.aggregation(), VariableAggregation::MEAN);
  EXPECT_EQ(v.made_at().line, line);
  EXPECT_EQ(v.op().made_at().line, line);
  EXPECT_EQ(v.initial_value().op().made_at().line, line);
}

TEST_F(VariableTest, IsInitializedByOneOperationForAll) {
  const Variable v(1.0f), w(2.0f);
  const Operation init = global_variables_initializer();
  EXPECT_EQ(init.name(), "init");
  EXPECT_THAT(init.control_inputs(), ElementsAre(v.initializer(), w.initializer()));
  EXPECT_EQ(local_variables_initializer().name(), "init_1");
  EXPECT_EQ(variables_initializer({v}, {.name = "mine"}).name(), "mine");
}

TEST_F(VariableTest, CannotBeInitializedWhenItIsNone) {
  add_to_collection(GraphKeys::GLOBAL_VARIABLES, constant(1.0f));
  expect_error<ValueError>(ErrorKind::not_a_variable, {"'variables'"},
                           [] { global_variables_initializer(); });
}

TEST_F(VariableTest, IsReportedWhenNotInitialized) {
  const Variable v(1.0f, {.name = "v"});
  const Output report = report_uninitialized_variables();
  EXPECT_EQ(report.dtype(), DType::string);
  EXPECT_EQ(report.device(), "/device:CPU:0");
}

TEST(VariableHandleTest, RefusesToBeUsedEmpty) {
  const Variable empty;
  EXPECT_FALSE(empty);
  expect_error<ValueError>(ErrorKind::bad_argument, {"empty Variable"}, [&] { empty.name(); });
}

TEST(VariableHandleTest, RefusesToBeUsedWhenItsGraphIsGone) {
  Variable v;
  {
    Graph graph;
    auto as_default = graph.as_default();
    v = Variable(1.0f, {.name = "v"});
  }
  expect_error<FailedPreconditionError>(ErrorKind::closed, {"v:0", "gone"}, [&] { v.name(); });
}

}  // namespace
}  // namespace tenon
