// SavedModels written, loaded and asked; TensorFlow loads them in tests/interop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;

class SavedModelTest : public testing::Test {
 protected:
  // y = x * w + b, of a session whose w is 2 and whose b is 1.
  void save(const std::string& folder) {
    const Graph graph;
    const ScopeGuard as_default = graph.as_default();
    const Output x = placeholder(float32, {-1}, {.name = "x"});
    const Variable w = get_variable("w", {.initializer = constant(2.0f)});
    const Variable b = get_variable("b", {.initializer = constant(1.0f), .use_resource = true});
    const Output y = x * w + b;
    Session session;
    session.run(global_variables_initializer());
    saved_model::simple_save(session, folder, {{"in", x}}, {{"out", y}});
  }

  const TemporaryFolder folder_;
};

TEST_F(SavedModelTest, APredictorAnswersByTheSignaturesNames) {
  save(folder_ / "model");
  const saved_model::Predictor predict(folder_ / "model");
  const auto outputs = predict({{"in", Tensor({1.0f, 10.0f})}});
  ASSERT_EQ(outputs.size(), 1u);
  EXPECT_THAT(outputs.at("out").to_vector<float>(), ElementsAre(3, 21));
  EXPECT_EQ(predict.signature().inputs.at("in"), "x:0");
  EXPECT_EQ(predict.signature().method, "tensorflow/serving/predict");
}

TEST_F(SavedModelTest, ThreadsMayShareAPredictor) {
  save(folder_ / "model");
  const saved_model::Predictor predict(folder_ / "model");
  std::vector<std::thread> threads;
  std::vector<int> right(4);
  for (size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const auto count = static_cast<int64_t>(1 + (t + static_cast<size_t>(i)) % 3);
        const auto outputs = predict({{"in", Tensor::ones({count})}});
        right[t] += outputs.at("out") == Tensor::full({count}, Tensor(3.0f)) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(right, ElementsAre(20, 20, 20, 20));
}

TEST_F(SavedModelTest, APredictorSaysWhatItIsNotGiven) {
  save(folder_ / "model");
  const saved_model::Predictor predict(folder_ / "model");
  EXPECT_ERROR(predict({}), ValueError, bad_feed,
               "The input 'in' is missing: the signature takes in");
  EXPECT_ERROR(predict({{"in", Tensor({1.0f})}, {"on", Tensor({1.0f})}}), ValueError, bad_feed,
               "There is no input 'on': the signature takes in");
  EXPECT_ERROR(saved_model::Predictor(folder_ / "model", {.signature = "train"}), ValueError,
               bad_argument, "The model has no signature 'train'; it has serving_default");
}

TEST_F(SavedModelTest, ALoadedModelIsSavedAgain) {
  save(folder_ / "first");
  const Graph graph;
  Session session(graph);
  const auto model = saved_model::load(session, {"serve"}, folder_ / "first");
  const auto& signature = model.signatures.at("serving_default");
  saved_model::simple_save(session, folder_ / "second",
                           {{"in", graph.tensor(signature.inputs.at("in"))}},
                           {{"out", graph.tensor(signature.outputs.at("out"))}});
  const saved_model::Predictor predict(folder_ / "second");
  EXPECT_THAT(predict({{"in", Tensor({5.0f})}}).at("out").to_vector<float>(), ElementsAre(11));
}

TEST_F(SavedModelTest, AssetsAreFedToTheMainOperation) {
  std::ofstream(folder_ / "words.txt") << "one two";
  {
    const Graph graph;
    const ScopeGuard as_default = graph.as_default();
    const Output path = constant(Tensor(folder_ / "words.txt"), {.name = "path"});
    const Variable ready =
        get_variable("ready", {.initializer = constant(0.0f), .trainable = false});
    const Operation main_op = ready.assign(7.0f).op();
    Session session;
    session.run(ready.initializer());
    saved_model::Builder builder(folder_ / "model");
    builder.add_meta_graph_and_variables(
        session, {"serve"},
        {.signatures = {{"state", {.outputs = {{"ready", ready.value()}}}}},
         .assets = {path},
         .main_op = main_op});
    builder.add_meta_graph(graph, {"serve", "again"});
    builder.save();
  }
  EXPECT_EQ(test::file_contents(folder_ / "model/assets/words.txt"), "one two");
  const saved_model::Predictor predict(folder_ / "model", {.signature = "state"});
  EXPECT_EQ(predict({}).at("ready").scalar<float>(), 7);
  Session other{Graph()};
  const auto model = saved_model::load(other, {"again", "serve"}, folder_ / "model");
  EXPECT_TRUE(model.signatures.empty());
}

// As TensorFlow names them.
TEST_F(SavedModelTest, AssetsOfOneNameAreKeptApart) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  std::vector<Output> paths;
  for (const char* part : {"a", "b", "c"}) {
    std::filesystem::create_directories(folder_ / part);
    const std::string path = folder_ / part + "/words.txt";
    std::ofstream(path) << (std::string(part) == "c" ? "a" : part);  // the first's once more
    paths.push_back(constant(Tensor(path)));
  }
  Session session;
  saved_model::Builder builder(folder_ / "model");
  builder.add_meta_graph_and_variables(session, {"serve"}, {.assets = paths});
  builder.add_meta_graph(graph, {"again"}, {.assets = paths});
  builder.save();
  EXPECT_EQ(test::file_contents(folder_ / "model/assets/words.txt"), "a");
  EXPECT_EQ(test::file_contents(folder_ / "model/assets/words.txt_1"), "b");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "model/assets/words.txt_2"));
}

TEST_F(SavedModelTest, BuildersRefuseWhatMakesNoModel) {
  save(folder_ / "model");
  EXPECT_ERROR(saved_model::Builder(folder_ / "model"), ValueError, bad_argument,
               "already exists, and isn't empty");
  const Graph graph;
  Session session(graph);
  saved_model::Builder builder(folder_ / "new");
  EXPECT_ERROR(builder.add_meta_graph(graph, {"serve"}), ValueError, bad_argument,
               "add_meta_graph_and_variables comes before add_meta_graph");
  const Output other = [] {
    static const Graph kept;
    const ScopeGuard as_default = kept.as_default();
    return placeholder(float32, {});
  }();
  EXPECT_ERROR(builder.add_meta_graph_and_variables(
                   session, {"serve"}, {.signatures = {{"s", {.inputs = {{"x", other}}}}}}),
               ValueError, bad_argument, "The signature's tensor 'x' is not of the model's graph");
  builder.add_meta_graph_and_variables(session, {"serve"});
  EXPECT_ERROR(builder.add_meta_graph_and_variables(session, {"serve"}), ValueError, bad_argument,
               "The model has its variables already");
}

}  // namespace
}  // namespace tenon
