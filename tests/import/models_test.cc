// Models that people published, with the answers that TensorFlow 2.21 gave (data/README.md).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

const std::string kData = std::string(TENON_SOURCE_DIR) + "/tests/import/data/";

TEST(ImportedModelTest, AFrozenGraphAnswersAsInTensorFlow) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  import_graph_def(TENON_SOURCE_DIR "/samples/data/cifar/cifar.pb", {.name = ""});
  const train::CheckpointReader fed(kData + "cifar.feed.npz"), wanted(kData + "cifar.want.npz");
  Feeds feeds;
  for (const auto& variable : fed.variables()) {
    feeds.push_back({graph.tensor(variable.name), fed.get_tensor(variable.name)});
  }
  Session session;
  const Tensor answer = session.run(graph.tensor("Output:0"), feeds);
  EXPECT_TRUE(answer.allclose(wanted.get_tensor("Output:0"), 1e-4, 1e-5));
}

TEST(ImportedModelTest, AMetaGraphGoesOnWithItsTraining) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  auto imported = train::import_meta_graph(kData + "regression.meta");
  EXPECT_EQ(global_variables().size(), 2u);
  EXPECT_EQ(trainable_variables().size(), 2u);
  ASSERT_EQ(get_collection<Operation>("train_op").size(), 1u);
  Session session;
  EXPECT_TRUE(imported.saver.restore(session, kData + "regression").complete());
  const Feeds feeds = {{graph.tensor("X:0"), Tensor({0.0f, 1.0f, 2.0f, 3.0f})},
                       {graph.tensor("Y:0"), Tensor({0.0f, 2.0f, 4.0f, 6.0f})}};
  EXPECT_NEAR(session.run(graph.tensor("truediv:0"), feeds).scalar<float>(), 0.78150463f, 1e-6);
  session.run(graph.operation("GradientDescent"), feeds);
  EXPECT_NEAR(session.run(graph.tensor("W:0")).scalar<float>(), 0.23597047f, 1e-6);
  EXPECT_NEAR(session.run(graph.tensor("b:0")).scalar<float>(), 1.05719376f, 1e-6);
}

TEST(ImportedModelTest, AMetaGraphMayHaveAScope) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  train::import_meta_graph(kData + "regression.meta", {.import_scope = "model"});
  EXPECT_EQ(global_variables()[0].name(), "model/W:0");
  Session session;
  session.run(global_variables_initializer());
}

TEST(ImportedModelTest, ASavedModelKeepsItsState) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  Session session;
  const auto model = saved_model::load(session, {"serve"}, kData + "counter");
  const auto& signature = model.signatures.at("incr_counter_by");
  const Output delta = graph.tensor(signature.inputs.at("delta"));
  const Output counter = graph.tensor(signature.outputs.at("output"));
  EXPECT_EQ(session.run(counter, {{delta, Tensor(3.0f)}}).scalar<float>(), 3.0f);
  EXPECT_EQ(session.run(counter, {{delta, Tensor(4.0f)}}).scalar<float>(), 7.0f);
}

TEST(ImportedModelTest, ASavedModelLeavesOutWhatTenonDoesntHave) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  Session session;
  const Output x = placeholder(float32, {-1, 1});  // there ParseExample makes it
  const std::string file = kData + "half_plus_three/saved_model.pb";
  const auto model = saved_model::load(session, {"serve"}, file, {.input_map = {{"x:0", x}}});
  const Output y = graph.tensor(model.signatures.at("serving_default").outputs.at("y"));
  const Tensor fed = Tensor::from<float>(std::vector<float>{1, 2}, {2, 1});
  EXPECT_THAT(session.run(y, {{x, fed}}).to_vector<float>(),
              ElementsAre(FloatNear(3.5f, 1e-6), FloatNear(4, 1e-6)));
}

TEST(ImportedModelTest, SaysWhichTagsThereAre) {
  const Graph graph;
  Session session(graph);
  EXPECT_ERROR(saved_model::load(session, {"train"}, kData + "counter"), ValueError, bad_argument,
               "MetaGraphDef associated with tags {train} could not be found in SavedModel");
  EXPECT_ERROR(saved_model::load(session, {"serve"}, kData + "none"), NotFoundError, no_such_file,
               "none/saved_model.pb");
}

}  // namespace
}  // namespace tenon
