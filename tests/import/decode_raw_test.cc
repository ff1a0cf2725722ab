// DecodeRaw: what it can't decode. What it can, recorded graphs do (control_flow_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/graph_def_writer.h"

namespace tenon {
namespace {

using testing::ElementsAre;

class DecodeRawTest : public testing::Test {
 protected:
  static Output decoded(const std::string& bytes, DType dtype) {
    return internal::add_output("DecodeRaw", {constant(Tensor(bytes))},
                                {.attrs = {{"out_type", dtype}}});
  }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  Session session_;
};

TEST_F(DecodeRawTest, GivesTheNumbersThatBytesAre) {
  EXPECT_THAT(session_.run(decoded(std::string("\x01\0\xFF\xFF", 4), int16)).to_vector<int16_t>(),
              ElementsAre(1, -1));
  EXPECT_THAT(session_.run(decoded(std::string("\x01\0", 2), bool_)).to_vector<bool>(),
              ElementsAre(true, false));
  EXPECT_ERROR(session_.run(decoded("abc", int16)), InvalidArgumentError, bad_argument,
               "Input to DecodeRaw has length 3 that is not a multiple of 2");
}

TEST_F(DecodeRawTest, RefusesToMakeStringsOfBytes) {
  EXPECT_ERROR(decoded(std::string(64, 'x'), string), TypeError, dtype_incompatible,
               "Value passed to parameter 'out_type' of 'DecodeRaw' has DataType string");
  test::GraphDefWriter graph;
  graph
      .node("bytes", "Placeholder", {},
            {{"dtype", test::attr_type(string)}, {"shape", test::attr_shape({})}})
      .node("raw", "DecodeRaw", {"bytes"}, {{"out_type", test::attr_type(string)}});
  EXPECT_ERROR(import_graph_def_bytes(graph.bytes()), UnimplementedError, no_kernel,
               "dtype string of DecodeRaw");
}

// That the last has no elements is no reason to join it.
TEST_F(DecodeRawTest, TextsOfOtherShapesAreNotJoined) {
  const Output two = constant(Tensor(std::vector<std::string>{"a", "b"}));
  const Output none = placeholder(string, Shape::unknown());
  const Output joined = internal::add_output("StringJoin", {std::vector<Output>{two, none}});
  EXPECT_ERROR(session_.run(joined, {{none, Tensor(string, {0})}}), InvalidArgumentError,
               shape_incompatible, "Strings of shapes (0,) and (2,) can't be joined");
}

}  // namespace
}  // namespace tenon
