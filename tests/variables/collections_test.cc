// Collections, the lists of variables, and losses.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using CollectionsTest = OnAGraphOfItsOwn;

Variable named(const std::string& name, const GetVariableOptions& more = {}) {
  GetVariableOptions options = more;
  options.shape = {1};
  return get_variable(name, options);
}

TEST_F(CollectionsTest, KeepAnythingInOrder) {
  add_to_collection("k", 3);
  add_to_collection("k", "text");
  add_to_collection("k", 3);
  const Collection items = get_collection<std::any>("k");
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(std::any_cast<int>(items[0]), 3);
  EXPECT_EQ(std::any_cast<std::string>(items[1]), "text");
  EXPECT_THAT(get_collection<int>("other"), IsEmpty());
}

TEST_F(CollectionsTest, HaveTensorFlowsKeys) {
  const std::vector<std::string_view> keys = {
      GraphKeys::GLOBAL_VARIABLES,
      GraphKeys::VARIABLES,
      GraphKeys::LOCAL_VARIABLES,
      GraphKeys::METRIC_VARIABLES,
      GraphKeys::MODEL_VARIABLES,
      GraphKeys::TRAINABLE_VARIABLES,
      GraphKeys::SUMMARIES,
      GraphKeys::QUEUE_RUNNERS,
      GraphKeys::TABLE_INITIALIZERS,
      GraphKeys::ASSET_FILEPATHS,
      GraphKeys::MOVING_AVERAGE_VARIABLES,
      GraphKeys::REGULARIZATION_LOSSES,
      GraphKeys::CONCATENATED_VARIABLES,
      GraphKeys::SAVERS,
      GraphKeys::WEIGHTS,
      GraphKeys::BIASES,
      GraphKeys::ACTIVATIONS,
      GraphKeys::UPDATE_OPS,
      GraphKeys::LOSSES,
      GraphKeys::SAVEABLE_OBJECTS,
      GraphKeys::RESOURCES,
      GraphKeys::LOCAL_RESOURCES,
      GraphKeys::TRAINABLE_RESOURCE_VARIABLES,
      GraphKeys::INIT_OP,
      GraphKeys::LOCAL_INIT_OP,
      GraphKeys::READY_OP,
      GraphKeys::READY_FOR_LOCAL_INIT_OP,
      GraphKeys::SUMMARY_OP,
      GraphKeys::GLOBAL_STEP,
      GraphKeys::EVAL_STEP,
      GraphKeys::TRAIN_OP,
      GraphKeys::COND_CONTEXT,
      GraphKeys::WHILE_CONTEXT,
  };
  EXPECT_THAT(keys,
              ElementsAre("variables", "variables", "local_variables", "metric_variables",
                          "model_variables", "trainable_variables", "summaries", "queue_runners",
                          "table_initializer", "asset_filepaths", "moving_average_variables",
                          "regularization_losses", "concatenated_variables", "savers", "weights",
                          "biases", "activations", "update_ops", "losses", "saveable_objects",
                          "resources", "local_resources", "trainable_resource_variables", "init_op",
                          "local_init_op", "ready_op", "ready_for_local_init_op", "summary_op",
                          "global_step", "eval_step", "train_op", "cond_context", "while_context"));
}

TEST_F(CollectionsTest, RefuseAnItemOfAnotherType) {
  add_to_collection("k", 3);
  expect_error<TypeError>(ErrorKind::bad_argument, {"Item 0 of collection 'k'"},
                          [] { get_collection<Variable>("k"); });
}

TEST_F(CollectionsTest, GiveRefsOfVariablesAndOutputs) {
  const Variable w = named("w");
  add_to_collection("k", w);
  add_to_collection("k", constant(1.0f));
  const std::vector<Ref> refs = get_collection<Ref>("k");
  EXPECT_EQ(refs[0].variable(), w);
  EXPECT_EQ(refs[1].name(), "Const:0");
}

TEST_F(CollectionsTest, AddOnceForARepeatedKey) {
  add_to_collections({"a", "b", "a"}, 1);
  EXPECT_EQ(get_collection<int>("a").size(), 1u);
  EXPECT_EQ(get_collection<int>("b").size(), 1u);
}

TEST_F(CollectionsTest, AreCopiedByGetAndSharedByRef) {
  get_collection<int>("k").push_back(1);
  EXPECT_THAT(get_all_collection_keys(), IsEmpty());
  get_collection_ref("k")->push_back(2);
  EXPECT_THAT(get_collection<int>("k"), ElementsAre(2));
  EXPECT_THAT(get_all_collection_keys(), ElementsAre("k"));
}

TEST_F(CollectionsTest, AreForgottenWhenCleared) {
  const auto list = get_collection_ref("k");
  list->push_back(1);
  clear_collection("k");
  list->push_back(2);
  EXPECT_THAT(get_collection<int>("k"), IsEmpty());
}

TEST_F(CollectionsTest, FilterNamesAtTheirStart) {
  for (const char* scope : {"a", "ab", "b"}) {
    auto open = variable_scope(scope);
    named("w");
  }
  EXPECT_THAT(names_of(global_variables("a")), ElementsAre("a/w:0", "ab/w:0"));
  EXPECT_THAT(names_of(global_variables("a/")), ElementsAre("a/w:0"));
  EXPECT_THAT(names_of(global_variables(".*b/")), ElementsAre("ab/w:0", "b/w:0"));
  EXPECT_THAT(names_of(global_variables("w")), IsEmpty());
}

TEST_F(CollectionsTest, DropItemsWithoutANameWhenFiltered) {
  add_to_collection("k", 3);
  add_to_collection("k", named("w"));
  EXPECT_EQ(get_collection<std::any>("k", "w").size(), 1u);
}

TEST_F(CollectionsTest, RefuseAnExpressionThatDoesNotParse) {
  named("w");
  expect_error<ValueError>(ErrorKind::bad_argument, {"'(' is not a regular expression"},
                           [] { global_variables("("); });
}

TEST_F(CollectionsTest, HoldNewVariables) {
  const Variable w = named("w");
  const Variable fixed = named("fixed", {.trainable = false});
  EXPECT_THAT(global_variables(), ElementsAre(w, fixed));
  EXPECT_THAT(trainable_variables(), ElementsAre(w));
}

TEST_F(CollectionsTest, AreReplacedByTheCallersButForTheTrainableOnes) {
  const Variable w = named("w", {.collections = {"mine", "yours"}});
  EXPECT_THAT(global_variables(), IsEmpty());
  EXPECT_THAT(get_collection<Variable>("mine"), ElementsAre(w));
  EXPECT_THAT(trainable_variables(), ElementsAre(w));
  named("v", {.trainable = false, .collections = CollectionKeys::none()});
  EXPECT_THAT(global_variables(), IsEmpty());
}

TEST_F(CollectionsTest, HoldLocalVariablesAsLocalAndNotTrainable) {
  const Variable w = get_local_variable("w", {.shape = {1}, .trainable = true});
  EXPECT_THAT(local_variables(), ElementsAre(w));
  EXPECT_THAT(global_variables(), IsEmpty());
  EXPECT_THAT(trainable_variables(), IsEmpty());
}

TEST_F(CollectionsTest, LeaveVariablesThatSynchronizeOnReadUntrained) {
  EXPECT_FALSE(named("w", {.synchronization = VariableSynchronization::ON_READ}).trainable());
  EXPECT_TRUE(named("v", {.trainable = true, .synchronization = VariableSynchronization::ON_READ})
                  .trainable());
}

TEST_F(CollectionsTest, OfAScopeAreThoseBelowIt) {
  {
    auto ab = variable_scope("ab");
    named("w");
  }
  auto a = variable_scope("a");
  const Variable w = named("w");
  EXPECT_THAT(a.scope().global_variables(), ElementsAre(w));
  EXPECT_THAT(a.scope().trainable_variables(), ElementsAre(w));
  EXPECT_THAT(a.scope().local_variables(), IsEmpty());
}

TEST_F(CollectionsTest, CannotGrowInAFinalizedGraph) {
  graph.finalize();
  expect_error<RuntimeError>(ErrorKind::bad_argument, {"Graph is finalized"},
                             [] { add_to_collection("k", 1); });
}

TEST_F(CollectionsTest, AddUpLosses) {
  losses::add_loss(constant(1.0f, {.name = "one"}));
  losses::add_loss(Variable(2.0f, {.name = "two"}));
  named("w", {.regularizer = l1_regularizer(0.1)});
  EXPECT_EQ(losses::get_losses().size(), 2u);
  EXPECT_EQ(losses::get_losses<Ref>("two")[0].name(), "two:0");
  EXPECT_EQ(losses::get_regularization_losses("w/")[0].name(), "w/Regularizer/l1_regularizer:0");
  EXPECT_EQ(losses::get_regularization_loss().name(), "total_regularization_loss:0");
  EXPECT_EQ(losses::get_total_loss().op().input_count(), 3);
  EXPECT_EQ(losses::get_total_loss(false).op().input_count(), 2);
}

TEST_F(CollectionsTest, HaveAZeroRegularizationLossAndNoTotalWhenEmpty) {
  EXPECT_EQ(losses::get_regularization_loss().op().type(), "Const");
  expect_error<ValueError>(ErrorKind::shape_incompatible, {"at least one Tensor"},
                           [] { losses::get_total_loss(); });
}

TEST_F(CollectionsTest, TakeNoLossOfIntegersNorOfNoRegularizer) {
  auto scope = variable_scope("a", {.regularizer = l2_regularizer(1.0)});
  named("i", {.dtype = int32});
  named("w", {.regularizer = no_regularizer});
  EXPECT_THAT(losses::get_regularization_losses(), IsEmpty());
}

}  // namespace
}  // namespace tenon
