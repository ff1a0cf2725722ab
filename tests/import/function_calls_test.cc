// Functions of a graph's library, built where they are called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tenon/tenon.h"
#include "tests/testing/errors.h"

namespace tenon {
namespace {

using testing::ElementsAre;

std::string attr(const std::string& key, const std::string& value) {
  return "attr { key: \"" + key + "\" value { " + value + " } } ";
}

const std::string kX = "node { name: \"x\" op: \"Placeholder\" " + attr("dtype", "type: DT_FLOAT") +
                       attr("shape", "shape { unknown_rank: true }") + "} ";

// Calls a function of x.
std::string call(const std::string& name, const std::string& function) {
  return "node { name: \"" + name + "\" op: \"PartitionedCall\" input: \"x\" " +
         attr("f", "func { name: \"" + function + "\" }") + "} ";
}

// A function of one float, whose nodes are given.
std::string function(const std::string& name, const std::string& nodes, const std::string& result) {
  return "function { signature { name: \"" + name +
         "\" input_arg { name: \"a\" type: DT_FLOAT } output_arg { name: \"r\" type: DT_FLOAT } "
         "} " +
         nodes + " ret { key: \"r\" value: \"" + result + "\" } } ";
}

std::string node_def(const std::string& name, const std::string& op, const std::string& inputs,
                     const std::string& more = attr("T", "type: DT_FLOAT")) {
  return "node_def { name: \"" + name + "\" op: \"" + op + "\" " + inputs + " " + more + "} ";
}

class FunctionCallsTest : public testing::Test {
 protected:
  const Graph graph_;
  const ScopeGuard as_default_ = graph_.as_default();
};

TEST_F(FunctionCallsTest, ComputeWhatTheFunctionDoes) {
  // The second of a Split's outputs, squared.
  const std::string halves = function(
      "halves",
      node_def("axis", "Const", "",
               attr("dtype", "type: DT_INT32") +
                   attr("value", "tensor { dtype: DT_INT32 tensor_shape { } int_val: 0 }")) +
          node_def("parts", "Split", "input: \"axis:output:0\" input: \"a\"",
                   attr("T", "type: DT_FLOAT") + attr("num_split", "i: 2")) +
          node_def("square", "Square", "input: \"parts:output:1\""),
      "square:y:0");
  import_graph_def_bytes(
      kX + call("y", "halves") + call("z", "halves") + "library { " + halves + "}", {.name = ""});
  Session session;
  const Feeds fed = {{"x:0", Tensor({1.0f, 2.0f, 3.0f, 4.0f})}};
  EXPECT_THAT(session.run("y:0", fed).to_vector<float>(), ElementsAre(9, 16));
  EXPECT_THAT(session.run("z:0", fed).to_vector<float>(), ElementsAre(9, 16));
}

TEST_F(FunctionCallsTest, MayHandOnWhatTheyAreGiven) {
  import_graph_def_bytes(kX + call("y", "same") + "library { " + function("same", "", "a") + "}",
                         {.name = ""});
  EXPECT_EQ(Session().run("y:0", {{"x:0", Tensor(5.0f)}}).scalar<float>(), 5);
}

TEST_F(FunctionCallsTest, RefuseNumbersThatNoOutputHas) {
  for (const char* number : {"99999999999", "-1", "1x", ""}) {
    const std::string result = std::string("s:y:") + number;
    const std::string odd = function("odd", node_def("s", "Square", "input: \"a\""), result);
    std::string graph = kX;
    graph.append(call("y", "odd")).append("library { ").append(odd).append("}");
    EXPECT_ERROR(import_graph_def_bytes(graph), ValueError, bad_argument,
                 "Function 'odd' takes '" + result + "', which is the name of no output");
  }
}

TEST_F(FunctionCallsTest, SayWhatOfThemIsNotSupported) {
  EXPECT_ERROR(import_graph_def_bytes(kX + call("y", "none"), {.name = ""}), UnimplementedError,
               no_kernel, "function 'none', which the library lacks, of PartitionedCall, 1 time");
  const std::string odd = function("odd", node_def("o", "OddOp", "input: \"a\""), "o:y:0");
  EXPECT_ERROR(import_graph_def_bytes(kX + call("y", "odd") + "library { " + odd + "}"),
               UnimplementedError, no_kernel, "operation type OddOp, 1 time, in 'o'");
}

TEST_F(FunctionCallsTest, RefuseWhatNeverEnds) {
  const std::string itself = function(
      "itself",
      node_def("c", "PartitionedCall", "input: \"a\"", attr("f", "func { name: \"itself\" }")),
      "c:output:0");
  EXPECT_ERROR(import_graph_def_bytes(kX + call("y", "itself") + "library { " + itself + "}"),
               ValueError, bad_argument, "Node 'c' calls a function that calls itself");
  std::string many;
  for (int i = 0; i < 40; ++i) {  // each calls the next one twice
    const std::string next = attr("f", "func { name: \"f" + std::to_string(i + 1) + "\" }");
    many += function("f" + std::to_string(i),
                     node_def("c", "PartitionedCall", "input: \"a\"", next) +
                         node_def("d", "PartitionedCall", "input: \"c:output:0\"", next),
                     "d:output:0");
  }
  many += function("f40", "", "a");
  EXPECT_ERROR(import_graph_def_bytes(kX + call("y", "f0") + "library { " + many + "}"), ValueError,
               bad_argument, "call one another so often");
}

// A loop over x, whose condition and body are given, and whose output_shapes say nothing.
std::string loop(const std::string& condition, const std::string& body) {
  const std::string constant =
      node_def("c", "Const", "",
               attr("dtype", "type: DT_FLOAT") +
                   attr("value", "tensor { dtype: DT_FLOAT tensor_shape { } float_val: 100 }"));
  return kX + "node { name: \"y\" op: \"While\" input: \"x\" " +
         attr("T", "list { type: DT_FLOAT }") + attr("cond", "func { name: \"cond\" }") +
         attr("body", "func { name: \"body\" }") + attr("output_shapes", "list { }") +
         "} library { " +
         function("cond", constant + node_def("less", "Less", "input: \"a\" input: \"c:output:0\""),
                  condition) +
         function("body", node_def("sum", "Add", "input: \"a\" input: \"a\""), body) + "}";
}

TEST_F(FunctionCallsTest, LoopsNeedNotSayWhichShapesTheyHave) {
  import_graph_def_bytes(loop("less:z:0", "sum:z:0"), {.name = ""});
  EXPECT_EQ(Session().run("y:0", {{"x:0", Tensor(3.0f)}}).scalar<float>(), 192);
}

TEST_F(FunctionCallsTest, RefuseCallsThatDoNotFit) {
  const auto refuses = [](const std::string& graph, const char* message) {
    EXPECT_ERROR(import_graph_def_bytes(graph, {.name = ""}), ValueError, bad_argument, message);
  };
  const std::string functions = "library { " + function("same", "", "a") +
                                function("none", node_def("n", "NoOp", "", ""), "n") + "}";
  const std::string branches = attr("then_branch", "func { name: \"same\" }") +
                               attr("else_branch", "func { name: \"same\" }");
  refuses("node { name: \"y\" op: \"If\" " + branches + "} " + functions,
          "Node 'y' has 0 inputs, but If takes at least 1");
  refuses(kX + "node { name: \"y\" op: \"If\" input: \"x\" " + branches + "} " + functions,
          "Node 'y' calls a function of 1 arguments with 0");
  refuses(kX + call("y", "none") + functions,
          "Node 'y' calls a function whose results aren't all tensors");
  std::string no_result = loop("less:z:0", "sum:z:0");
  const std::string result = "output_arg { name: \"r\" type: DT_FLOAT } ";
  no_result.erase(no_result.find(result), result.size());
  refuses(no_result, "Node 'y' needs 1 results of a function that has 0");
}

TEST_F(FunctionCallsTest, RefuseOutputsBeyondAllNumbers) {
  const std::string unique = function("f", node_def("u", "Unique", "input: \"a\""),
                                      "u:idx:2147483647");  // behind output 0
  EXPECT_ERROR(import_graph_def_bytes(kX + call("y", "f") + "library { " + unique + "}"),
               ValueError, bad_argument,
               "Requested return_element 'u:2147483648' not found in graph_def.");
}

// What Tenon writes of conditionals and loops, read again.
TEST_F(FunctionCallsTest, MakeConditionalsAndLoopsAgain) {
  const Output x = placeholder(float32, {2}, {.name = "x"});
  const Variable w =
      get_variable("w", {.initializer = constant({2.0f, 3.0f}), .use_resource = true});
  const auto last = while_loop([](Output i, Output) { return i < 3; },
                               [&](Output i, Output y) -> Returned {
                                 const Output next = cond(
                                     equal(i, 1), [&] { return y * w; }, [&] { return y + 1.0f; });
                                 return {i + 1, next};
                               },
                               {0, x});
  identity(last[1], {.name = "y"});
  const Feeds fed = {{"x:0", Tensor({1.0f, 10.0f})}};
  Session session;
  session.run(w.initializer());
  const Tensor wanted = session.run("y:0", fed);
  EXPECT_THAT(wanted.to_vector<float>(), ElementsAre(5, 34));
  const std::string bytes = graph_.as_graph_def();
  const std::string frozen = graph_util::convert_variables_to_constants(session, {"y"});

  const Graph read;
  const ScopeGuard as_default = read.as_default();
  import_graph_def_bytes(bytes, {.name = ""});
  Session again;
  again.run(read.operation("w/Assign"));
  EXPECT_EQ(again.run("y:0", fed), wanted);
  const auto elements =
      import_graph_def_bytes(frozen, {.name = "frozen", .return_elements = {"y:0"}});
  EXPECT_EQ(Session().run(elements.outputs[0], {{"frozen/x:0", fed[0].value}}), wanted);
}

}  // namespace
}  // namespace tenon
