// MetaGraphs and frozen graphs, written and read again; TensorFlow reads them in tests/interop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/io/meta_graph_def.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

std::vector<std::string> names_of(const std::vector<Variable>& variables) {
  std::vector<std::string> names;
  for (const Variable& variable : variables) names.push_back(variable.name());
  return names;
}

class ExportMetaGraphTest : public testing::Test {
 protected:
  const Graph graph_;
  const ScopeGuard as_default_ = graph_.as_default();
  const TemporaryFolder folder_;
};

TEST_F(ExportMetaGraphTest, TheSaversFileGoesOnWithTheTraining) {
  const Variable w = get_variable("w", {.initializer = constant({1.0f, 2.0f})});
  const Variable fixed = get_variable(
      "fixed", {.initializer = constant(3.0f), .trainable = false, .use_resource = true});
  const Output loss = reduce_sum(square(w) * fixed, {.name = "loss"});
  losses::add_loss(loss);
  const Operation train = train::MomentumOptimizer({.learning_rate = 0.1f, .momentum = 0.9f})
                              .minimize(loss, {.name = "train"});
  add_to_collection(GraphKeys::TRAIN_OP, train);
  Session session;
  session.run(global_variables_initializer());
  session.run(train);
  const std::string saved = train::Saver().save(session, folder_ / "model", {.global_step = 1});
  session.run(train);
  const Tensor wanted = session.run(w);

  const Graph other;
  const ScopeGuard as_default = other.as_default();
  train::ImportedMetaGraph imported = train::import_meta_graph(saved + ".meta");
  EXPECT_THAT(names_of(global_variables()), UnorderedElementsAre("w:0", "fixed:0", "w/Momentum:0"));
  EXPECT_THAT(names_of(trainable_variables()), ElementsAre("w:0"));
  EXPECT_EQ(get_collection<Output>(GraphKeys::LOSSES).at(0).name(), "loss:0");
  Session again;
  imported.saver.restore(again, saved);
  again.run(get_collection<Operation>(GraphKeys::TRAIN_OP).at(0));
  EXPECT_EQ(again.run("w:0"), wanted);
}

TEST_F(ExportMetaGraphTest, SaysHowTensorFlowSaves) {
  get_variable("w", {.shape = {2}});
  const std::string bytes = train::export_meta_graph("");
  for (const char* part : {"save/Const:0", "save/control_dependency:0", "save/restore_all",
                           "save/SaveV2", "save/RestoreV2", "save/Assign"}) {
    EXPECT_THAT(bytes, HasSubstr(part));
  }
}

TEST_F(ExportMetaGraphTest, NamesOfSaversAreFree) {
  get_variable("w", {.shape = {2}});
  constant(1.0f, {.name = "save/Const"});
  EXPECT_THAT(train::export_meta_graph(""), HasSubstr("save_1/restore_all"));
}

TEST_F(ExportMetaGraphTest, WritesTheCollectionsThatAreAskedFor) {
  get_variable("w", {.shape = {2}});
  add_to_collection("mine", constant(1.0f, {.name = "a"}));
  add_to_collection("others", constant(1.0f, {.name = "b"}));
  const std::string bytes = train::export_meta_graph("", {.collection_list = {{"mine"}}});
  const internal::MetaGraphDef written = internal::decode_meta_graph_def(bytes);
  EXPECT_THAT(written.nodes, ElementsAre(Pair("mine", ElementsAre("a:0"))));
  EXPECT_TRUE(written.messages.empty());
}

TEST_F(ExportMetaGraphTest, AGraphWithoutVariablesHasNoSaver) {
  constant(1.0f, {.name = "a"});
  train::export_meta_graph(folder_ / "a.meta");
  EXPECT_THAT(test::file_contents(folder_ / "a.meta"), Not(HasSubstr("save/")));
}

TEST_F(ExportMetaGraphTest, SavesCanDoWithout) {
  const Variable w = get_variable("w", {.initializer = constant(1.0f)});
  Session session;
  session.run(w.initializer());
  train::Saver saver({.max_to_keep = 1});
  saver.save(session, folder_ / "plain", {.write_meta_graph = false});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "plain.meta"));
  saver.save(session, folder_ / "first", {.meta_graph_suffix = "graph"});
  EXPECT_TRUE(std::filesystem::exists(folder_ / "first.graph"));
  saver.save(session, folder_ / "second");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "first.graph"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "second.meta"));
}

TEST_F(ExportMetaGraphTest, WhatCannotBeWrittenIsSavedWithout) {
  const Variable w = get_variable("w", {.initializer = constant({1.0f})});
  gradients({cumprod(w)}, {w});
  Session session;
  session.run(w.initializer());
  train::Saver().save(session, folder_ / "model");
  EXPECT_TRUE(std::filesystem::exists(folder_ / "model.index"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "model.meta"));
  EXPECT_ERROR(train::export_meta_graph(folder_ / "model.meta"), UnimplementedError, no_kernel,
               "_Recurrence");
}

TEST_F(ExportMetaGraphTest, RefusesVariablesOfAnotherGraph) {
  get_variable("w", {.initializer = constant(1.0f)});
  train::Saver saver;
  const Graph other;
  const ScopeGuard as_default = other.as_default();
  Session session;
  EXPECT_ERROR(saver.save(session, folder_ / "model"), ValueError, bad_argument,
               "Variable w is not of the session's graph");
  EXPECT_ERROR(saver.export_meta_graph(), ValueError, bad_argument,
               "Variable w is not of the graph that is written");
}

TEST_F(ExportMetaGraphTest, WritesGraphsIntoFolders) {
  constant(1.0f, {.name = "a"});
  const std::string path = train::write_graph(graph_, folder_ / "new", "graph.pb");
  EXPECT_EQ(path, folder_ / "new/graph.pb");
  EXPECT_EQ(test::file_contents(path), graph_.as_graph_def());
}

TEST_F(ExportMetaGraphTest, AFrozenGraphHasTheValuesOfItsVariables) {
  const Output x = placeholder(float32, {2}, {.name = "x"});
  const Variable w = get_variable("w", {.initializer = constant({1.0f, 2.0f})});
  const Variable r =
      get_variable("r", {.initializer = constant({3.0f, 4.0f}), .use_resource = true});
  add(x * w, r, {.name = "y"});
  get_variable("unused", {.shape = {1}});
  Session session;
  session.run(std::vector<Operation>{w.initializer(), r.initializer()});
  const std::string bytes = graph_util::convert_variables_to_constants(session, {"y"});
  const Graph other;
  const ScopeGuard as_default = other.as_default();
  import_graph_def_bytes(bytes, {.name = ""});
  const Feeds fed = {{"x:0", Tensor({10.0f, 100.0f})}};
  EXPECT_THAT(Session().run("y:0", fed).to_vector<float>(), ElementsAre(13, 204));
  for (const Operation& op : other.operations()) EXPECT_NE(op.name(), "unused");
}

TEST_F(ExportMetaGraphTest, FreezingSaysWhatItCannot) {
  const Variable w = get_variable("w", {.shape = {2}});
  const Output added = w.assign_add({1.0f, 1.0f}, {.name = "added"});
  Session session;
  EXPECT_ERROR(graph_util::convert_variables_to_constants(session, {"none"}), ValueError,
               no_such_tensor, "'none' is no operation of the graph that can be an output");
  EXPECT_ERROR(graph_util::convert_variables_to_constants(session, {"w/read"}),
               FailedPreconditionError, uninitialized, "w");
  const Variable b = get_variable("b", {.shape = {2}}), a = get_variable("a", {.shape = {2}});
  add(b, a + w, {.name = "sum"});
  EXPECT_ERROR(graph_util::convert_variables_to_constants(session, {"sum"}),
               FailedPreconditionError, uninitialized,
               "Attempting to use uninitialized value w, b, a: nothing was written");
  session.run(w.initializer());
  EXPECT_ERROR(graph_util::convert_variables_to_constants(session, {"added"}), ValueError,
               bad_argument,
               "Variables can't become constants: operation 'added' (AssignAdd) needs 'w'");
}

}  // namespace
}  // namespace tenon
