// TensorFlow 1's conditionals and loops, rebuilt: graphs that TensorFlow wrote (control_flow.py),
// with its answers, and what can't be rebuilt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/graph_def_writer.h"

namespace tenon {
namespace {

using test::attr_string;
using test::attr_type;
using test::GraphDefWriter;
using testing::ElementsAre;

const std::string kFolder = std::string(TENON_SOURCE_DIR) + "/tests/import/data/control_flow/";
const std::vector<GraphDefWriter::Attr> kOfFloat = {{"T", attr_type(float32)}};

// One run: tensors fed and what TensorFlow answered.
struct RecordedRun {
  std::map<std::string, Tensor> feeds, answers;
};

std::map<std::string, RecordedRun> runs_of(const std::string& name) {
  std::map<std::string, RecordedRun> runs;
  const train::CheckpointReader file(kFolder + name + ".npz");
  for (const auto& variable : file.variables()) {
    const size_t slash = variable.name.find('/');
    RecordedRun& run = runs[variable.name.substr(0, slash)];
    const bool is_feed = variable.name.compare(slash + 1, 4, "feed") == 0;
    (is_feed ? run.feeds : run.answers)[variable.name.substr(slash + 6)] =
        file.get_tensor(variable.name);
  }
  return runs;
}

class ControlFlowTest : public testing::Test {
 protected:
  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
};

class RecordedControlFlowTest : public ControlFlowTest,
                                public testing::WithParamInterface<const char*> {};

TEST_P(RecordedControlFlowTest, AnswersAsInTensorFlow) {
  import_graph_def(kFolder + GetParam() + ".pb", {.name = ""});
  const auto runs = runs_of(GetParam());
  ASSERT_FALSE(runs.empty());
  Session session;
  for (const auto& [number, run] : runs) {
    Feeds feeds;
    for (const auto& [tensor, value] : run.feeds) feeds.push_back({graph_.tensor(tensor), value});
    for (const auto& [tensor, wanted] : run.answers) {
      const Tensor answer = session.run(graph_.tensor(tensor), feeds);
      EXPECT_EQ(answer.shape(), wanted.shape()) << tensor;
      EXPECT_TRUE(answer.allclose(wanted, 1e-5, 1e-6))
          << tensor << " in run " << number << ": " << answer << ", not " << wanted;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, RecordedControlFlowTest,
                         testing::Values("branches", "independent", "raw_merge", "loop", "nested",
                                         "gradient_of_cond", "guarded", "arrays", "mapped",
                                         "gradient_of_loop", "gradient_of_arrays", "quantized",
                                         "examples", "lists", "lists_of_states", "pictures",
                                         "labels", "suppression", "more_operations",
                                         "older_layers"),
                         [](const auto& one) { return std::string(one.param); });

TEST_F(ControlFlowTest, HasAPrefixAndMapsInputs) {
  const Output mine = constant({3.0f, 4.0f}), decides = constant(true);
  import_graph_def(kFolder + "raw_merge.pb",
                   {.name = "m", .input_map = {{"x:0", mine}, {"p:0", decides}}});
  Session session;
  EXPECT_THAT(session.run(graph_.tensor("m/merge:0")).to_vector<float>(), ElementsAre(6, 8));
}

// dy/dx of a loop that multiplies by w three times.
TEST_F(ControlFlowTest, HasGradients) {
  import_graph_def(kFolder + "loop.pb", {.name = ""});
  const Output x = graph_.tensor("x:0"), a = graph_.tensor("a:0");
  const Output dx = gradients({a}, {x})[0];
  Session session;
  const Feeds feeds = {{x, Tensor({1.0f, 2.0f})}, {graph_.tensor("n:0"), Tensor(2)}};
  // a = (x w + 1) w + 1 with w = x / 2, so 3 x^2 / 4 + 1 / 2
  EXPECT_THAT(session.run(dx, feeds).to_vector<float>(), ElementsAre(1.25f, 3.5f));
}

// As TensorFlow's own, which the other file has.
TEST_F(ControlFlowTest, HasGradientsThroughArrays) {
  import_graph_def(kFolder + "mapped.pb", {.name = ""});
  const Output x = graph_.tensor("x:0"), z = graph_.tensor("z:0"), w = graph_.tensor("w:0");
  const std::vector<Output> found = gradients({reduce_sum(z * z)}, {x, w});
  RecordedRun run = runs_of("gradient_of_arrays").at("0");
  Session session;
  const Feeds feeds = {{x, run.feeds.at("x:0")}};
  EXPECT_TRUE(session.run(found[0], feeds).allclose(run.answers.at("dx:0"), 1e-5, 1e-6));
  EXPECT_TRUE(session.run(found[1], feeds).allclose(run.answers.at("dw:0"), 1e-5, 1e-6));
}

TEST_F(ControlFlowTest, HasGradientsThroughLists) {
  import_graph_def(kFolder + "lists_of_states.pb", {.name = ""});
  const Output x = graph_.tensor("x:0"), w = graph_.tensor("w:0");
  const std::vector<Output> found = gradients({graph_.tensor("loss:0")}, {x, w});
  Session session;
  for (auto& [number, run] : runs_of("gradient_of_lists")) {
    const Feeds feeds = {{x, run.feeds.at("x:0")}, {w, run.feeds.at("w:0")}};
    EXPECT_TRUE(session.run(found[0], feeds).allclose(run.answers.at("dx:0"), 1e-5, 1e-6));
    EXPECT_TRUE(session.run(found[1], feeds).allclose(run.answers.at("dw:0"), 1e-5, 1e-6));
  }
}

TEST_F(ControlFlowTest, TablesAreTheSessions) {
  import_graph_def(kFolder + "tables.pb", {.name = ""});
  Session session;
  const Feeds feeds = {
      {graph_.tensor("x:0"), Tensor(std::vector<std::string>{"cat", "dog", "the"})}};
  EXPECT_ERROR(session.run(graph_.tensor("found:0"), feeds), FailedPreconditionError, uninitialized,
               "is not initialized");
  session.run(graph_.operation("init_all_tables"));
  session.run(graph_.operation("init_all_tables"));  // which changes nothing
  EXPECT_THAT(session.run(graph_.tensor("found:0"), feeds).to_vector<int64_t>(),
              ElementsAre(5, -1, 3));
  EXPECT_THAT(session.run(graph_.tensor("again:0"), feeds).to_vector<std::string>(),
              ElementsAre("cat", "?", "the"));
  EXPECT_EQ(session.run(graph_.tensor("size:0")).scalar<int64_t>(), 3);
  Session other;
  EXPECT_ERROR(other.run(graph_.tensor("found:0"), feeds), FailedPreconditionError, uninitialized,
               "is not initialized");
}

TEST_F(ControlFlowTest, TextsAreTakenApartAndPutTogether) {
  import_graph_def(kFolder + "tables.pb", {.name = ""});
  Session session;
  const auto texts = [&](const std::string& name) {
    return session.run(graph_.tensor(name)).to_vector<std::string>();
  };
  EXPECT_THAT(texts("values:0"), ElementsAre("a", "bc", "d"));
  EXPECT_THAT(session.run(graph_.tensor("indices:0")).to_vector<int64_t>(),
              ElementsAre(0, 0, 0, 1, 2, 0));
  EXPECT_THAT(texts("rows:0"), ElementsAre("a-b", "c-d"));
  EXPECT_THAT(texts("down:0"), ElementsAre("a-c-b-d"));
  EXPECT_THAT(texts("all:0"), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(texts("joined:0"), ElementsAre("a!", "b!", "c!", "d!"));
  const Tensor raw =
      session.run(graph_.tensor("raw:0"),
                  {{graph_.tensor("x:0"), Tensor(std::vector<std::string>{"ab", "cd"})}});
  EXPECT_EQ(raw.shape(), Shape({2, 1}));
  EXPECT_THAT(raw.to_vector<int16_t>(), ElementsAre(25185, 25699));
}

GraphDefWriter choice_of(const std::string& in_true, const std::string& in_false) {
  return GraphDefWriter()
      .node("p", "Placeholder", {}, {{"dtype", attr_type(bool_)}})
      .placeholder("x", {2})
      .node("switch", "Switch", {"x", "p"}, kOfFloat)
      .node("yes", "Neg", {"switch:1"}, kOfFloat)
      .node("no", "Exp", {"switch"}, kOfFloat)
      .node("merge", "Merge", {in_false, in_true}, kOfFloat);
}

TEST_F(ControlFlowTest, LeavesOutWhatNobodyAskedFor) {
  GraphDefWriter file = choice_of("yes", "no");
  file.node("strange", "Frobnicate", {"switch:1"});
  file.node("other", "Merge", {"no", "strange"}, kOfFloat);
  import_graph_def_bytes(file.bytes(), {.name = "", .strict = false});
  EXPECT_ERROR(graph_.operation("other"), KeyError, no_such_tensor, "other");
  Session session;
  const Feeds feeds = {{graph_.tensor("x:0"), Tensor({1.0f, 2.0f})},
                       {graph_.tensor("p:0"), Tensor(true)}};
  EXPECT_THAT(session.run(graph_.tensor("merge:0"), feeds).to_vector<float>(), ElementsAre(-1, -2));
}

TEST_F(ControlFlowTest, SaysWhatCantBeRebuilt) {
  const auto refuses = [this](const GraphDefWriter& file, const char* message) {
    EXPECT_ERROR(import_graph_def_bytes(file.bytes(), {.name = ""}), ValueError, bad_argument,
                 message);
    EXPECT_TRUE(graph_.operations().empty()) << message;
  };
  refuses(choice_of("yes", "switch:1"),
          "Node 'merge' merges what isn't of the two branches of a conditional");
  refuses(choice_of("yes", "x"), "Node 'merge' merges what isn't of the two branches");
  refuses(choice_of("yes", "no").node("both", "Add", {"yes", "no"}, kOfFloat),
          "Node 'both' takes values of branches that never run together");
  refuses(GraphDefWriter().placeholder("x", {}).node("out", "Exit", {"x"}, kOfFloat),
          "Node 'out' isn't where a loop has its Exit");
  refuses(GraphDefWriter().placeholder("x", {}).node("s", "Switch", {"x"}, kOfFloat),
          "Node 's' has 1 inputs");
}

// Conditionals that all hang on p, each in the branch of the one before where it holds.
GraphDefWriter nested_conditionals(int count) {
  GraphDefWriter file;
  file.node("p", "Placeholder", {}, {{"dtype", attr_type(bool_)}}).placeholder("x", {2});
  std::string value = "x";
  for (int i = 0; i < count; ++i) {
    const std::string name = "switch" + std::to_string(i);
    file.node(name, "Switch", {value, "p"}, kOfFloat);
    value = name + ":1";
  }
  file.node("inside", "Neg", {value}, kOfFloat);
  value = "inside";
  for (int i = count - 1; i >= 0; --i) {
    const std::string number = std::to_string(i);
    file.node("merge" + number, "Merge", {"switch" + number, value}, kOfFloat);
    value = "merge" + number;
  }
  return file;
}

TEST_F(ControlFlowTest, RefusesToNestWithoutEnd) {
  import_graph_def_bytes(nested_conditionals(30).bytes(), {.name = "some"});
  const Feeds feeds = {{graph_.tensor("some/x:0"), Tensor({1.0f, 2.0f})},
                       {graph_.tensor("some/p:0"), Tensor(true)}};
  EXPECT_THAT(Session().run(graph_.tensor("some/merge0:0"), feeds).to_vector<float>(),
              ElementsAre(-1, -2));
  EXPECT_ERROR(import_graph_def_bytes(nested_conditionals(1000).bytes(), {.name = "many"}),
               ValueError, bad_argument,
               "Node 'switch201' stands in too many conditionals and loops");
}

TEST_F(ControlFlowTest, SaysWhichLoopIsNone) {
  const std::vector<GraphDefWriter::Attr> enters = {{"T", attr_type(float32)},
                                                    {"frame_name", attr_string("f")}};
  EXPECT_ERROR(import_graph_def_bytes(GraphDefWriter()
                                          .constant("c", {}, {1})
                                          .node("enter", "Enter", {"c"}, enters)
                                          .node("merge", "Merge", {"enter", "next"}, kOfFloat)
                                          .node("next", "NextIteration", {"merge"}, kOfFloat)
                                          .node("exit", "Exit", {"merge"}, kOfFloat)
                                          .bytes(),
                                      {.name = ""}),
               ValueError, bad_argument,
               "The loop of node 'merge' can't be told: it has no LoopCond");
}

TEST_F(ControlFlowTest, HandsOutNothingFromInside) {
  EXPECT_ERROR(import_graph_def_bytes(choice_of("yes", "no").bytes(),
                                      {.name = "", .return_elements = {"switch:0"}}),
               ValueError, inside_control_flow, "'switch:0' is part of a conditional or loop");
}

}  // namespace
}  // namespace tenon
