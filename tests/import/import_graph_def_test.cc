// import_graph_def: what of a GraphDef becomes of the graph, and what can't.
#include "tenon/import_graph_def.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/graph_def_writer.h"
#include "tests/testing/temporary_folder.h"

namespace tenon {
namespace {

using test::attr_floats;
using test::attr_int;
using test::attr_shape;
using test::attr_string;
using test::attr_strings;
using test::attr_tensor;
using test::attr_type;
using test::GraphDefWriter;
using testing::ElementsAre;
using testing::HasSubstr;

using Attrs = std::vector<GraphDefWriter::Attr>;
const Attrs kFloat = {{"T", attr_type(float32)}};

class ImportGraphDefTest : public testing::Test {
 protected:
  ImportedElements import(const GraphDefWriter& file, ImportOptions options = {.name = ""}) {
    return import_graph_def_bytes(file.bytes(), options);
  }
  std::vector<float> values(const std::string& tensor, const Feeds& feeds = {}) {
    Session session;
    return session.run(graph_.tensor(tensor), feeds).to_vector<float>();
  }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
};

GraphDefWriter sum_of_two() {
  return GraphDefWriter()
      .node("sum", "Add", {"x", "c"}, kFloat)  // in front of what it takes
      .placeholder("x", {-1})
      .constant("c", {2}, {10, 20});
}

TEST_F(ImportGraphDefTest, AddsOperationsUnderTheirNames) {
  const auto imported = import(sum_of_two(), {.name = "", .return_elements = {"sum:0", "x"}});
  ASSERT_EQ(imported.outputs.size(), 1u);
  EXPECT_EQ(imported.outputs[0].name(), "sum:0");
  EXPECT_EQ(imported.operations[0].name(), "x");
  EXPECT_EQ(graph_.tensor("x:0").shape(), Shape({kUnknown}));
  EXPECT_THAT(values("sum:0", {{graph_.tensor("x:0"), Tensor({1.0f, 2.0f})}}), ElementsAre(11, 22));
}

TEST_F(ImportGraphDefTest, PutsThePrefixInFront) {
  import(sum_of_two(), {});
  EXPECT_EQ(graph_.operation("import/sum").input(1).name(), "import/c:0");
  import(sum_of_two(), {.name = "again"});
  EXPECT_EQ(graph_.operations().size(), 6u);
}

TEST_F(ImportGraphDefTest, MapsInputs) {
  const Output two = constant({1.0f, 2.0f});
  import(sum_of_two(), {.name = "m", .input_map = { { "x", two } }});
  EXPECT_THAT(values("m/sum:0"), ElementsAre(11, 22));
  EXPECT_ERROR(import(sum_of_two(), {.name = "n", .input_map = {{"y:0", two}}}), ValueError,
               bad_argument, "Attempted to map inputs that were not found in graph_def: [y:0]");
  const auto constant_first = GraphDefWriter().constant("c", {2}, {10, 20}).placeholder("x", {2});
  EXPECT_ERROR(import(GraphDefWriter(constant_first).node("sum", "Add", {"x", "c"}, kFloat),
                      {.name = "e", .input_map = {{"x", Output()}}}),
               ValueError, bad_argument,
               "Node 'sum': input_map maps one of its inputs to an empty Output");
}

TEST_F(ImportGraphDefTest, ReadsConstantsHoweverTheyAreStored) {
  const auto content = [](protozero::pbf_writer& tensor) {
    const float numbers[] = {1, 2};
    tensor.add_bytes(4, reinterpret_cast<const char*>(numbers), sizeof numbers);
  };
  const auto integers = [](protozero::pbf_writer& tensor) {
    for (const int32_t number : {7, -8}) tensor.add_int32(7, number);  // not packed
  };
  import(GraphDefWriter()
             .constant("values", {2}, {1, 2})
             .constant("filled", {2, 2}, {3})
             .constant("rest", {4}, {1, 5})
             .constant("zeros", {2}, {})
             .constant("empty", {0}, {})
             .node("content", "Const", {},
                   {{"dtype", attr_type(float32)},
                    { "value",
                      attr_tensor(float32, {2}, content) }})
             .node("integers", "Const", {},
                   {{"dtype", attr_type(int32)},
                    { "value",
                      attr_tensor(int32, {2}, integers) }}));
  EXPECT_THAT(values("values:0"), ElementsAre(1, 2));
  EXPECT_THAT(values("filled:0"), ElementsAre(3, 3, 3, 3));
  EXPECT_THAT(values("rest:0"), ElementsAre(1, 5, 5, 5));
  EXPECT_THAT(values("zeros:0"), ElementsAre(0, 0));
  EXPECT_THAT(values("empty:0"), ElementsAre());
  EXPECT_THAT(values("content:0"), ElementsAre(1, 2));
  Session session;
  EXPECT_THAT(session.run(graph_.tensor("integers:0")).to_vector<int32_t>(), ElementsAre(7, -8));
}

// A small file doesn't make a large constant while it is read.
TEST_F(ImportGraphDefTest, FillsALargeConstantWhenItRuns) {
  import(GraphDefWriter().constant("large", {1 << 20}, {2}));
  EXPECT_EQ(graph_.operation("large").type(), "Fill");
  Session session;
  EXPECT_EQ(session.run(reduce_sum(graph_.tensor("large:0"))).scalar<float>(), 2.0f * (1 << 20));
}

TEST_F(ImportGraphDefTest, TakesAScalarPlaceholderOfOldForOneOfAnyShape) {
  import(GraphDefWriter().placeholder("x", {}).producer(21));
  EXPECT_FALSE(graph_.tensor("x:0").shape().has_rank());
  import(GraphDefWriter().placeholder("y", {}).producer(22));
  EXPECT_EQ(graph_.tensor("y:0").shape(), Shape());
}

TEST_F(ImportGraphDefTest, BelievesNoShapesAndKeepsColocationsThatAreThere) {
  import(GraphDefWriter()
             .constant("c", {2}, {1, 2})
             .node("y", "Identity", {"c"},
                   {{"T", attr_type(float32)},
                    {"_output_shapes", attr_shape({7})},
                    { "_class",
                      attr_strings({"loc:@c", "loc:@gone"}) }},
                   "/device:CPU:0"));
  EXPECT_EQ(graph_.tensor("y:0").shape(), Shape({2}));
  EXPECT_EQ(graph_.tensor("y:0").device(), "/device:CPU:0");
  EXPECT_THAT(values("y:0"), ElementsAre(1, 2));
}

TEST_F(ImportGraphDefTest, ClearsDevices) {
  const auto file = GraphDefWriter().node(
      "c", "Const", {}, {{"dtype", attr_type(float32)}, {"value", attr_floats({1}, {1})}},
      "/device:GPU:7");
  import(file, {.name = "kept"});
  EXPECT_EQ(graph_.tensor("kept/c:0").device(), "/device:GPU:7");
  import(file, {.name = "cleared", .clear_devices = true});
  EXPECT_EQ(graph_.tensor("cleared/c:0").device(), "");
}

TEST_F(ImportGraphDefTest, MakesOperationsOfThePastTodays) {
  const std::string places = attr_tensor(int32, {2}, [](auto& w) {
    for (const int32_t i : {2, 0}) w.add_int32(7, i);
  });
  const Attrs constant = {{"dtype", attr_type(int32)}, {"value", places}};
  const Attrs gather = {{"Tparams", attr_type(float32)}, {"Tindices", attr_type(int32)}};
  import(GraphDefWriter()
             .constant("rows", {3, 1}, {1, 2, 4})
             .node("at", "Const", {}, constant)
             .node("g", "Gather", {"rows", "at"}, gather)
             .node("inv", "Inv", {"g"}, kFloat));
  EXPECT_THAT(values("inv:0"), ElementsAre(0.25f, 1));
}

TEST_F(ImportGraphDefTest, RunsControlInputsFirst) {
  import(GraphDefWriter()
             .node("v", "Variable", {},
                   {{"dtype", attr_type(float32)},
                    { "shape",
                      attr_shape({1}) }})
             .constant("one", {1}, {1})
             .node("set", "Assign", {"v", "one"}, kFloat)
             .node("read", "Identity", {"v", "^set"}, kFloat));
  EXPECT_THAT(values("read:0"), ElementsAre(1));
}

TEST_F(ImportGraphDefTest, SaysAllThatItCantDoBeforeItMakesAnything) {
  GraphDefWriter file = sum_of_two();
  file.node("a", "Frobnicate", {"x"}).node("b", "Frobnicate", {"x"});
  file.node("c64", "Const", {},
            {{"dtype", test::attr([](auto& w) { w.add_enum(6, 8); })},
             {"value", test::attr([](auto& w) {
                protozero::pbf_writer tensor(w, 8);
                tensor.add_enum(1, 8);
              })}});
  file.node("s", "Add", {"words", "words"}, {{"T", attr_type(string)}});
  file.node("words", "Placeholder", {}, {{"dtype", attr_type(string)}});
  file.node("half", "BiasAdd", {"x", "c"}, {{"T", attr_type(bool_)}});
  EXPECT_ERROR(import(file), UnimplementedError, no_kernel,
               "\n  operation type Frobnicate, 2 times, in 'a' and others");
  EXPECT_ERROR(import(file), UnimplementedError, no_kernel,
               "\n  dtype complex64 of Const, 1 time, in 'c64'");
  EXPECT_ERROR(import(file), UnimplementedError, no_kernel,
               "\n  dtype bool of BiasAdd, 1 time, in 'half'");
  EXPECT_TRUE(graph_.operations().empty());
}

TEST_F(ImportGraphDefTest, MakesOperationsOfSeveral) {
  const std::vector<float> one_to_eight = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::string padding = attr_string("VALID"), type = attr_type(float32);
  const std::string ones = test::attr([](auto& w) {
    protozero::pbf_writer list(w, 1);
    const int64_t strides[] = {1, 1, 1, 1};
    list.add_packed_int64(3, std::begin(strides), std::end(strides));
  });
  const std::string epsilon = test::attr([](auto& w) { w.add_float(4, 3.0f); });
  const std::string no = test::attr([](auto& w) { w.add_bool(5, false); });
  const Attrs blocks = {{"T", type}, {"block_size", attr_int(2)}};
  const Attrs convolution = {{"T", type}, {"strides", ones}, {"padding", padding}};
  const Attrs normalization = {{"T", type}, {"epsilon", epsilon}, {"is_training", no}};
  import(GraphDefWriter()
             .constant("x", {1, 2, 1, 4}, one_to_eight)
             .node("wide", "DepthToSpace", {"x"}, blocks)
             .node("deep", "SpaceToDepth", {"wide"}, blocks)
             .constant("filter", {1, 1, 4, 1}, {1, 10, 100, 1000})
             .node("each", "DepthwiseConv2dNative", {"x", "filter"}, convolution)
             .constant("one", {4}, {1})
             .constant("two", {4}, {2})
             .node("norm", "FusedBatchNorm", {"x", "one", "two", "one", "one"}, normalization)
             .node("mean", "Identity", {"norm:1"}, kFloat));
  EXPECT_THAT(values("wide:0"), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_EQ(graph_.tensor("wide:0").shape(), Shape({1, 4, 2, 1}));
  EXPECT_THAT(values("deep:0"), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(values("each:0"), ElementsAre(1, 20, 300, 4000, 5, 60, 700, 8000));
  // (x - 1) / sqrt(1 + 3) + 2
  EXPECT_THAT(values("norm:0"), ElementsAre(2, 2.5f, 3, 3.5f, 4, 4.5f, 5, 5.5f));
  EXPECT_THAT(values("mean:0"), ElementsAre(1, 1, 1, 1));
}

TEST_F(ImportGraphDefTest, LeavesOutWhatNobodyAskedFor) {
  GraphDefWriter file = sum_of_two();
  file.node("a", "Frobnicate", {"x"}).node("b", "Identity", {"a"}, kFloat);
  import(file, {.name = "", .return_elements = {"sum:0"}, .strict = false});
  EXPECT_EQ(graph_.operations().size(), 3u);
  EXPECT_ERROR(import(file, {.name = "n", .return_elements = {"b:0"}, .strict = false}),
               UnimplementedError, no_kernel, "operation type Frobnicate");
}

TEST_F(ImportGraphDefTest, RefusesGraphsThatContradictThemselves) {
  using W = GraphDefWriter;
  const auto refuses = [this](const GraphDefWriter& file, const char* message) {
    EXPECT_ERROR(import(file), ValueError, bad_argument, message);
    EXPECT_TRUE(graph_.operations().empty()) << message;
  };
  refuses(W().node("y", "Identity", {"x"}, kFloat), "its input 'x' isn't in the graph");
  refuses(W().node("y", "NoOp", {"^x"}), "its control input '^x' isn't in the graph");
  refuses(W().constant("c", {1}, {1}).constant("c", {1}, {1}), "two operations of the name 'c'");
  refuses(W().node("a", "Identity", {"b"}, kFloat).node("b", "Identity", {"a"}, kFloat),
          "depends on itself, and no loop is there");
  refuses(W().constant("c", {1}, {1}).node("y", "Identity", {"c:3"}, kFloat),
          "its input 'c:3' isn't there: that operation has 1 outputs");
  refuses(W().constant("c", {1}, {1}).node("y", "Add", {"c"}, kFloat), "has 1 inputs, but Add");
  refuses(W().node("y", "ConcatV2", {},
                   {{"N", attr_int(-1)}, {"T", attr_type(float32)}, {"Tidx", attr_type(int32)}}),
          "ConcatV2 was given 0 inputs, but its attributes say otherwise for 'y' (op: 'ConcatV2')");
  refuses(W().node("y", "DepthToSpace", {}, {{"block_size", attr_int(2)}}),
          "Node 'y' has 0 inputs, but DepthToSpace takes at least 1");
  refuses(W().constant("c", {1}, {1}).node("y", "NonMaxSuppressionV3", {"c", "c"}),
          "Node 'y' has 2 inputs, but NonMaxSuppressionV3 takes at least 5");
  refuses(W().node("c", "Const", {}, {{"dtype", attr_type(float32)}}),
          "a constant without a value");
  refuses(W().constant("c", {1}, {1}).node("y", "Identity", {"c"}, {{"T", attr_int(1)}}),
          "its attribute 'T' is of another kind than Identity's");
  EXPECT_ERROR(import(sum_of_two(), {.name = "", .return_elements = {"z:0"}}), ValueError,
               bad_argument, "Requested return_element 'z:0' not found in graph_def.");
}

TEST_F(ImportGraphDefTest, RefusesBytesThatAreNoGraph) {
  EXPECT_ERROR(import_graph_def_bytes("not a graph"), DataLossError, corrupt_file,
               "is no graph of TensorFlow's");
  const std::string whole = sum_of_two().bytes();
  for (size_t size = 1; size < whole.size(); ++size) {  // cut anywhere: an Error, or less
    Graph graph;
    const ScopeGuard as_default = graph.as_default();
    try {
      import_graph_def_bytes(std::string_view(whole).substr(0, size));
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch)
    }
  }
  EXPECT_ERROR(import(GraphDefWriter().constant("c", {2}, {1, 2, 3})), DataLossError, corrupt_file,
               "its value doesn't fit its shape (2,)");
  EXPECT_ERROR(import(GraphDefWriter().constant("c", {-1}, {1})), DataLossError, corrupt_file,
               "its value doesn't fit its shape");
}

TEST_F(ImportGraphDefTest, ReadsFiles) {
  const test::TemporaryFolder folder;
  EXPECT_ERROR(import_graph_def(folder / "none.pb"), NotFoundError, no_such_file, "none.pb");
  std::ofstream(folder / "empty.pb", std::ios::binary) << "";
  EXPECT_TRUE(import_graph_def(folder / "empty.pb").outputs.empty());
  std::ofstream(folder / "sum.pb", std::ios::binary) << sum_of_two().bytes();
  import_graph_def(folder / "sum.pb", {.name = ""});
  EXPECT_EQ(graph_.operations().size(), 3u);
}

}  // namespace
}  // namespace tenon
