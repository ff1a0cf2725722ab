// Layers of old that TensorFlow itself doesn't run any more: control_flow_test.cc has the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/graph_def_writer.h"

namespace tenon {
namespace {

using test::attr;
using test::attr_type;
using test::GraphDefWriter;

GraphDefWriter normalization(bool scales) {
  GraphDefWriter writer;
  writer.producer(8).placeholder("t", {1, 1, 2, 2}).constant("m", {2}, {1, 2});
  writer.constant("v", {2}, {3, 15})
      .constant("beta", {2}, {0.5f, 0})
      .constant("gamma", {2}, {4, 2});
  return writer.node(
      "y", "BatchNormWithGlobalNormalization", {"t", "m", "v", "beta", "gamma"},
      {{"T", attr_type(float32)},
       {"variance_epsilon", attr([](auto& w) { w.add_float(4, 1.0f); })},
       {"scale_after_normalization", attr([&](auto& w) { w.add_bool(5, scales); })}});
}

TEST(LayerExpansionsTest, TheOldestNormalizationScalesIfItIsToldTo) {
  for (const bool scales : {true, false}) {
    const Graph graph;
    const auto as_default = graph.as_default();
    import_graph_def_bytes(normalization(scales).bytes(), {.name = ""});
    const Tensor t = Tensor({3.0f, 6.0f, 1.0f, -2.0f}).reshaped({1, 1, 2, 2});
    const Tensor y = Session().run(graph.tensor("y:0"), {{graph.tensor("t:0"), t}});
    const float one = scales ? 4 : 1, other = scales ? 2 : 1;
    EXPECT_THAT(y.data<float>(), testing::Pointwise(testing::FloatNear(1e-6f),
                                                    {1 * one + 0.5f, 1 * other, 0.5f, -1 * other}));
  }
}

TEST(LayerExpansionsTest, EachHasItsNameInTheGraph) {
  const Graph graph;
  const auto as_default = graph.as_default();
  import_graph_def(
      std::string(TENON_SOURCE_DIR) + "/tests/import/data/control_flow/older_layers.pb",
      {.name = ""});
  for (const char* name : {"DepthwiseConv2dNativeBackpropInput",
                           "DepthwiseConv2dNativeBackpropFilter",
                           "MaxPoolV2",
                           "SpaceToBatch",
                           "BatchToSpace",
                           "ResourceGather",
                           "ResourceGatherNd",
                           "ClipByValue",
                           "BiasAddV1",
                           "ConjugateTranspose",
                           "MulNoNan",
                           "Xdivy",
                           "Xlogy",
                           "SparseSegmentSum",
                           "SparseSegmentMean",
                           "SparseSegmentSqrtN",
                           "FusedPadConv2D",
                           "FusedResizeAndPadConv2D",
                           "LSTMBlockCell",
                           "GRUBlockCell"}) {
    EXPECT_NO_THROW(graph.operation(name)) << name;
  }
}

TEST(LayerExpansionsTest, AFilterWhoseShapeIsNotKnownIsNamed) {
  GraphDefWriter writer;
  writer.placeholder("dy", {1, 2, 2, 4}).placeholder("filter", {3, 3, -1, 2});
  writer.node("sizes", "Const", {},
              {{"dtype", attr_type(int32)},
               {"value", test::attr_tensor(DType::int32, {4}, [](auto& tensor) {
                  const int32_t sizes[] = {1, 2, 2, 2};
                  tensor.add_packed_int32(7, std::begin(sizes), std::end(sizes));
                })}});
  const auto strides = attr([](auto& w) {
    protozero::pbf_writer list(w, 1);
    const int64_t all[] = {1, 1, 1, 1};
    list.add_packed_int64(3, std::begin(all), std::end(all));
  });
  writer.node(
      "dx", "DepthwiseConv2dNativeBackpropInput", {"sizes", "filter", "dy"},
      {{"T", attr_type(float32)}, {"strides", strides}, {"padding", test::attr_string("SAME")}});
  const Graph graph;
  const auto as_default = graph.as_default();
  EXPECT_ERROR(import_graph_def_bytes(writer.bytes(), {.name = ""}), UnimplementedError, no_kernel,
               "its filter's shape must be known, not (3, 3, ?, 2)");
}

}  // namespace
}  // namespace tenon
