// Graphs written, and read again by the importer; TensorFlow reads them in tests/interop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/graph/builder.h"
#include "core/io/file.h"
#include "core/io/graph_def.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/temporary_folder.h"

namespace tenon {
namespace {

using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;

class AsGraphDefTest : public testing::Test {
 protected:
  // Reads the bytes into a new graph, which is the default one from then on.
  ImportedElements again(const std::string& bytes, const std::vector<std::string>& elements) {
    as_default_.exit();
    as_default_ = read_.enter_as_default();
    return import_graph_def_bytes(bytes, {.name = "", .return_elements = elements});
  }

  const Graph graph_;
  const Graph read_;
  Context as_default_ = graph_.enter_as_default();
};

TEST_F(AsGraphDefTest, ComputesTheSameWhenItIsRead) {
  const Output x = placeholder(float32, {-1, 2}, {.name = "x"});
  const Output y = matmul(x, constant({{1.0f, 2.0f, 3.0f}, {4.0f, 5.0f, 6.0f}}), {.name = "y"});
  const Feeds fed = {{"x:0", Tensor({{1.0f, -1.0f}})}};
  Session session;
  const Tensor wanted = session.run(y, fed);
  const auto elements = again(graph_.as_graph_def(), {"y:0"});
  EXPECT_EQ(Session().run(elements.outputs[0], fed), wanted);
}

TEST_F(AsGraphDefTest, WritesSumsOfBroadcastGradients) {
  const Output x = placeholder(float32, {-1, 3}, {.name = "x"});
  const Output w = placeholder(float32, {-1}, {.name = "w"});
  const Output into = identity(gradients({x * w}, {w})[0], {.name = "into"});
  EXPECT_EQ(into.shape().rank(), 1);
  again(graph_.as_graph_def(), {});
  const Feeds fed = {{"x:0", Tensor({{1.0f, 2.0f, 3.0f}, {4.0f, 5.0f, 6.0f}})},
                     {"w:0", Tensor({1.0f, 1.0f, 1.0f})}};
  EXPECT_THAT(Session().run("into:0", fed).to_vector<float>(), ElementsAre(5, 7, 9));
}

TEST_F(AsGraphDefTest, WritesSparseGradientsAsWholeOnes) {
  const Output table = placeholder(float32, {4, 2}, {.name = "table"});
  const Output taken = gather(table, {1, 3, 1});
  identity(gradients({taken}, {table})[0], {.name = "into"});
  again(graph_.as_graph_def(), {});
  const Tensor into = Session().run("into:0", {{"table:0", Tensor::ones({4, 2})}});
  EXPECT_THAT(into.to_vector<float>(), ElementsAre(0, 0, 2, 2, 0, 0, 1, 1));
}

TEST_F(AsGraphDefTest, KeepsDevicesControlInputsAndColocations) {
  const ScopeGuard on_cpu = device("/cpu:0");
  const Output a = constant(1.0f, {.name = "a"});
  const ScopeGuard after = control_dependencies({a});
  const ScopeGuard with = colocate_with(a.op());
  no_op({.name = "b"});
  const std::string bytes = graph_.as_graph_def();
  const internal::GraphDef written = internal::decode_graph_def(bytes);
  ASSERT_EQ(written.nodes.size(), 2u);
  EXPECT_EQ(written.nodes[1].device, "/device:CPU:0");
  EXPECT_THAT(written.nodes[1].inputs, ElementsAre("^a"));
  const auto places =
      internal::decode_attr_value(*find_attr(written.nodes[1], "_class"), nullptr, 0);
  EXPECT_THAT(std::get<std::vector<std::string>>(*places), ElementsAre("loc:@a"));
}

TEST_F(AsGraphDefTest, WritesEveryKindOfConstant) {
  constant(Tensor({true, false}), {.name = "bools"});
  constant(Tensor({std::string("one"), std::string()}), {.name = "texts"});
  constant(Tensor::zeros({0, 3}, float16), {.name = "none"});
  constant(Tensor(int64_t{1} << 40), {.name = "wide"});
  cast(constant(Tensor({uint32_t{1}, UINT32_MAX}), {.name = "narrow"}), uint64,
       {.name = "widened"});
  constant(Tensor(UINT64_MAX), {.name = "largest"});
  again(graph_.as_graph_def(), {});
  Session session;
  EXPECT_EQ(session.run("bools:0"), Tensor({true, false}));
  EXPECT_EQ(session.run("texts:0"), Tensor({std::string("one"), std::string()}));
  EXPECT_EQ(session.run("none:0").shape(), Shape({0, 3}));
  EXPECT_EQ(session.run("wide:0").scalar<int64_t>(), int64_t{1} << 40);
  EXPECT_EQ(session.run("narrow:0"), Tensor({uint32_t{1}, UINT32_MAX}));
  EXPECT_EQ(session.run("widened:0"), Tensor({uint64_t{1}, uint64_t{UINT32_MAX}}));
  EXPECT_EQ(session.run("largest:0"), Tensor(UINT64_MAX));
}

TEST_F(AsGraphDefTest, NamesAllThatTensorFlowHasNot) {
  const Output x = placeholder(float32, {3});
  gradients({cumprod(x)}, {x});
  EXPECT_ERROR(graph_.as_graph_def(), UnimplementedError, no_kernel,
               "TensorFlow has no operations for what the graph holds:\n"
               "  operation type _Recurrence, 1 time, in 'gradients/");
}

TEST_F(AsGraphDefTest, RefusesToWriteAFunctionOfThePrograms) {
  const Output x = placeholder(float32, {2});
  function_op([](const std::vector<Tensor>& in) { return in[0]; }, {x}, float32, {.name = "f"});
  EXPECT_ERROR(graph_.as_graph_def(), UnimplementedError, no_kernel, "a function of the program's");
}

TEST_F(AsGraphDefTest, KeepsTheDtypesOfAList) {
  const Output x = placeholder(float32, {2}, {.name = "x"});
  identity_n({x, constant({1, 2, 3})}, {.name = "all"});
  again(graph_.as_graph_def(), {});
  const Tensor fed({1.0f, 2.0f});
  EXPECT_EQ(Session().run("all:0", {{"x:0", fed}}), fed);
  EXPECT_EQ(Session().run("all:1", {{"x:0", fed}}), Tensor({1, 2, 3}));
}

TEST_F(AsGraphDefTest, KeepsListsOfNothing) {
  const Output x = placeholder(float32, {1, 2, 2, 1}, {.name = "x"});
  nn::conv2d(x, constant(Tensor::ones({2, 2, 1, 1})), {.padding = "VALID", .name = "y"});
  const std::string bytes = graph_.as_graph_def();
  const internal::GraphDef written = internal::decode_graph_def(bytes);
  const std::string_view* paddings = find_attr(written.nodes.back(), "explicit_paddings");
  ASSERT_NE(paddings, nullptr);
  EXPECT_EQ(*paddings, std::string_view("\x0a\0", 2));  // field 1, a list, of no bytes
  again(bytes, {});
  const Tensor fed = Tensor({1.0f, 2.0f, 3.0f, 4.0f}).reshaped({1, 2, 2, 1});
  EXPECT_THAT(Session().run("y:0", {{"x:0", fed}}).to_vector<float>(), ElementsAre(10));
}

// As its definitions call them: it reads no others.
TEST_F(AsGraphDefTest, WritesAttributesOfTablesAndArraysAsTensorFlowHasThem) {
  const Output table = internal::add_output(
      "HashTableV2", {}, {.attrs = {{"key_dtype", int64}, {"value_dtype", float32}}});
  const Output key = constant(Tensor({int64_t{7}}));
  internal::add_operation("InitializeTableV2", {table, key, constant({2.0f})}, {.name = "fill"});
  internal::add_output("LookupTableFindV2", {table, key, constant(0.0f)}, {.name = "found"});
  const Operation array =
      internal::add_operation("TensorArrayV3", {Input(1)}, {.attrs = {{"dtype", float32}}});
  const Output flow = internal::add_output(
      "TensorArrayWriteV3", {array.output(0), Input(0), constant(3.0f), array.output(1)});
  internal::add_output("TensorArrayReadV3", {array.output(0), Input(0), flow},
                       {.name = "read", .attrs = {{"dtype", float32}}});
  const std::string bytes = graph_.as_graph_def();
  const internal::GraphDef written = internal::decode_graph_def(bytes);
  const auto names = [&](std::string_view node) {
    std::vector<std::string> found;
    for (const internal::NodeDef& one : written.nodes) {
      if (one.name != node) continue;
      for (const auto& attr : one.attrs) found.emplace_back(attr.first);
    }
    return found;
  };
  EXPECT_THAT(names("fill"), ElementsAre("Tkey", "Tval"));
  EXPECT_THAT(names("read"), ElementsAre("dtype"));
  again(bytes, {});
  Session session;
  session.run(read_.operation("fill"));
  EXPECT_EQ(session.run("found:0"), Tensor({2.0f}));
  EXPECT_EQ(session.run("read:0"), Tensor(3.0f));
}

// What Assert shows is made by an operation that TensorFlow has not, so nothing can wait for it.
TEST_F(AsGraphDefTest, NamesNothingThatIsNotWritten) {
  const Variable w = get_variable("w", {.initializer = constant(1.0f)});
  const Output ok = placeholder(bool_, {}, {.name = "ok"});
  group({w.assign(2.0f).op(), Assert(ok, {w})}, {.name = "both"});
  const std::string bytes = graph_.as_graph_def();
  again(bytes, {});
  Session session;
  session.run(read_.operation("w/Assign"));
  session.run(read_.operation("both"), {{"ok:0", Tensor(true)}});
  EXPECT_EQ(session.run("w:0").scalar<float>(), 2);
}

// In the branch's function the number of boxes that are left is an output called valid_outputs.
TEST_F(AsGraphDefTest, KeepsBothOutputsOfASuppressionInABranch) {
  const Output boxes =
      constant({{0.0f, 0.0f, 1.0f, 1.0f}, {0.0f, 0.0f, 1.0f, 1.0f}, {2.0f, 2.0f, 3.0f, 3.0f}});
  const Output scores = placeholder(float32, {3}, {.name = "scores"});
  const Output best = cond(
      greater(reduce_sum(scores), 0.0f),
      [&] { return image::non_max_suppression(boxes, scores, 3); }, [] { return constant({7}); });
  identity(best, {.name = "best"});
  again(graph_.as_graph_def(), {});
  const Feeds fed = {{"scores:0", Tensor({0.5f, 0.75f, 0.25f})}};
  EXPECT_THAT(Session().run("best:0", fed).to_vector<int32_t>(), ElementsAre(1, 2));
}

TEST_F(AsGraphDefTest, RefusesToWriteAReferenceVariableInABranch) {
  const Variable w = get_variable("w", {.shape = {}});
  cond(
      placeholder(bool_, {}), [&] { return w.assign(1.0f); }, [&] { return w.value(); });
  EXPECT_ERROR(graph_.as_graph_def(), UnimplementedError, no_kernel,
               "Assign of a reference variable in a conditional or loop, 1 time, in 'cond/Assign'");
}

TEST_F(AsGraphDefTest, StandsInAnEventFile) {
  constant(1.0f, {.name = "the_constant"});
  const TemporaryFolder folder;
  summary::FileWriter(folder / "events", graph_).close();
  const std::vector<std::string> files = internal::names_in(folder / "events");
  ASSERT_EQ(files.size(), 1u);
  EXPECT_THAT(internal::read_file(folder / "events/" + files[0]), HasSubstr(graph_.as_graph_def()));
}

}  // namespace
}  // namespace tenon
