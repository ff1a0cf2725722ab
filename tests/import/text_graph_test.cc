// Graphs in protobuf's text format, and files that are no graphs. The texts are TensorFlow 2.21's
// (google.protobuf.text_format).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;

const std::string kGraph = R"(# written by hand
node {
  name: "x"
  op: "Placeholder"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr { key: "shape" value { shape { dim { size: -1 } dim { size: 2 } } } }
}
node {
  name: "w"
  op: "Const"
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr {
    key: "value"
    value {
      tensor {
        dtype: DT_FLOAT
        tensor_shape { dim { size: 2 } dim { size: 2 } }
        tensor_content: "\000\000\200?\000\000\000@\000\000@@\000\000\200@"
      }
    }
  }
}
node {
  name: "y"
  op: "MatMul"
  input: "x"
  input: "w"
  attr { key: "T" value { type: DT_FLOAT } }
  attr { key: "transpose_b" value { b: true } }
  attr { key: "_output_shapes" value { list { shape { unknown_rank: true } } } }
}
versions { producer: 134 min_consumer: 12 }
)";

class TextGraphTest : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  const Graph graph_;
  const ScopeGuard as_default_ = graph_.as_default();
  const TemporaryFolder folder_;
};

TEST_F(TextGraphTest, ComputesAsItsBytesWould) {
  put("graph.pbtxt", kGraph);
  import_graph_def(folder_ / "graph.pbtxt", {.name = ""});
  const Tensor y = Session().run("y:0", {{"x:0", Tensor({{1.0f, 10.0f}})}});
  EXPECT_THAT(y.to_vector<float>(), ElementsAre(21, 43));  // [[1, 2], [3, 4]] transposed
}

TEST_F(TextGraphTest, WhatIsMadeLaterIsNamedOtherwise) {
  import_graph_def_bytes(kGraph, {.name = ""});
  EXPECT_EQ(constant(1.0f, {.name = "w"}).name(), "w_1:0");
}

TEST_F(TextGraphTest, MayBeGivenAsText) {
  import_graph_def_bytes(kGraph, {.name = "given"});
  EXPECT_EQ(graph_.tensor("given/y:0").shape(), Shape({-1, 2}));
}

TEST_F(TextGraphTest, TakesListsNumbersAndOtherBrackets) {
  import_graph_def_bytes(R"(node < name: 'a' op: "Const"
      attr { key: "dtype" value { type: DT_INT32 } },
      attr { key: "value" value { tensor { dtype: DT_INT32 tensor_shape { dim { size: 3 } }
                                           int_val: [1, -2, 3] unknown_field { deep: [ { a: 1 } ] } } } } >
    node { name: "b" op: "Const" attr { key: "dtype" value { type: DT_DOUBLE } }
      attr { key: "value" value { tensor { dtype: DT_DOUBLE tensor_shape { }
                                           double_val: -1.5e-3 } } } })",
                         {.name = ""});
  Session session;
  EXPECT_EQ(session.run("a:0"), Tensor({1, -2, 3}));
  EXPECT_EQ(session.run("b:0"), Tensor(-1.5e-3));
}

TEST_F(TextGraphTest, TakesUnsignedNumbersFromFieldsOfTheirOwn) {
  import_graph_def_bytes(R"(node { name: "a" op: "Const"
      attr { key: "dtype" value { type: DT_UINT32 } }
      attr { key: "value" value { tensor { dtype: DT_UINT32 tensor_shape { dim { size: 3 } }
                                           uint32_val: [1, 4294967295] } } } }
    node { name: "b" op: "Const" attr { key: "dtype" value { type: DT_UINT64 } }
      attr { key: "value" value { tensor { dtype: DT_UINT64 tensor_shape { }
                                           uint64_val: 18446744073709551615 } } } }
    node { name: "c" op: "Cast" input: "a" attr { key: "SrcT" value { type: DT_UINT32 } }
      attr { key: "DstT" value { type: DT_UINT64 } } })",
                         {.name = ""});
  Session session;
  EXPECT_THAT(session.run("a:0").to_vector<uint32_t>(), ElementsAre(1, UINT32_MAX, UINT32_MAX));
  EXPECT_EQ(session.run("b:0"), Tensor(UINT64_MAX));
  EXPECT_THAT(session.run("c:0").to_vector<uint64_t>(), ElementsAre(1, UINT32_MAX, UINT32_MAX));
}

// As TensorFlow reads them: the placeholder of a function's attribute is no list.
TEST_F(TextGraphTest, AnAttributeWithoutAValueIsAListOfNothing) {
  const auto convolution = [](const std::string& paddings) {
    return R"(node { name: "x" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }
      attr { key: "value" value { tensor { dtype: DT_FLOAT float_val: 3
        tensor_shape { dim { size: 1 } dim { size: 1 } dim { size: 1 } dim { size: 1 } } } } } }
    node { name: "y" op: "Conv2D" input: "x" input: "x" attr { key: "T" value { type: DT_FLOAT } }
      attr { key: "strides" value { list { i: [1, 1, 1, 1] } } }
      attr { key: "padding" value { s: "VALID" } }
      attr { key: "explicit_paddings" value { )" +
           paddings + " } } }";
  };
  import_graph_def_bytes(convolution(""), {.name = ""});
  EXPECT_THAT(Session().run("y:0").to_vector<float>(), ElementsAre(9));
  EXPECT_ERROR(import_graph_def_bytes(convolution("placeholder: \"p\"")), UnimplementedError,
               no_kernel, "attribute explicit_paddings of Conv2D");
}

TEST_F(TextGraphTest, MetaGraphsAndSavedModelsMayBeTexts) {
  const std::string meta =
      "meta_info_def { tags: \"serve\" }\ngraph_def {\n" + kGraph +
      "}\ncollection_def { key: \"outs\" value { node_list { value: \"y:0\" } } }\n"
      "signature_def { key: \"s\" value {\n"
      "  inputs { key: \"in\" value { name: \"x:0\" dtype: DT_FLOAT } }\n"
      "  outputs { key: \"out\" value { name: \"y:0\" } } } }\n";
  put("model.meta", meta);
  train::import_meta_graph(folder_ / "model.meta");
  EXPECT_EQ(get_collection<Output>("outs").at(0).name(), "y:0");
  std::filesystem::create_directory(folder_ / "saved");
  put("saved/saved_model.pbtxt", "saved_model_schema_version: 1\nmeta_graphs {\n" + meta + "}\n");
  const saved_model::Predictor predict(folder_ / "saved", {.signature = "s"});
  EXPECT_THAT(predict({{"in", Tensor({{1.0f, 0.0f}})}}).at("out").to_vector<float>(),
              ElementsAre(1, 3));
}

TEST_F(TextGraphTest, SaysWhereATextIsWrong) {
  EXPECT_ERROR(import_graph_def_bytes("node {\n  name: \"x\n"), DataLossError, corrupt_file,
               "a string doesn't end in line 3");
  EXPECT_ERROR(import_graph_def_bytes("node {\n  name: \"x\"\n"), DataLossError, corrupt_file,
               "a message doesn't end");
  EXPECT_ERROR(import_graph_def_bytes("node: 5"), DataLossError, corrupt_file,
               "'5' stands where it isn't expected in line 1");
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "a{";
  EXPECT_ERROR(import_graph_def_bytes(deep), DataLossError, corrupt_file,
               "messages are too deep in one another");
}

TEST_F(TextGraphTest, SaysWhatAFileIsInstead) {
  get_variable("w", {.initializer = constant(1.0f)});
  Session session;
  session.run(global_variables_initializer());
  saved_model::simple_save(session, folder_ / "saved", {}, {});
  train::Saver().save(session, folder_ / "model");
  put("graph.pb", graph_.as_graph_def());
  put("keras.h5", "\x89HDF\r\n\x1a\n and more");
  const auto fails = [&](const std::string& name, const std::string& what) {
    EXPECT_ERROR(import_graph_def(folder_ / name), DataLossError, corrupt_file,
                 name + " is no graph of TensorFlow's");
    EXPECT_ERROR(import_graph_def(folder_ / name), DataLossError, corrupt_file, ": it is " + what);
  };
  fails("model.meta", "a MetaGraph, which train::import_meta_graph reads");
  fails("saved/saved_model.pb", "a SavedModel, which saved_model::load reads");
  fails("model.index", "a checkpoint, which train::Saver restores");
  fails("keras.h5", "an HDF5 file, which Keras reads");
  EXPECT_ERROR(train::import_meta_graph(folder_ / "graph.pb"), DataLossError, corrupt_file,
               "is no MetaGraph (it has no graph): it is a graph, which import_graph_def reads");
  EXPECT_ERROR(saved_model::load(session, {"serve"}, folder_ / "graph.pb"), NotFoundError,
               no_such_file, "graph.pb/saved_model.pb");
}

}  // namespace
}  // namespace tenon
