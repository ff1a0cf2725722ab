// Tensor arrays and stacks: what of them can't be done. What can, recorded graphs do
// (control_flow_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/graph/builder.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/graph_def_writer.h"

namespace tenon {
namespace {

using internal::add_operation;
using internal::add_output;
using testing::ElementsAre;

class TensorArraysTest : public testing::Test {
 protected:
  static Operation array(int size, bool grows = false, bool forgets = true) {
    return add_operation(
        "TensorArrayV3", {Input(size)},
        {.attrs = {{"dtype", float32}, {"dynamic_size", grows}, {"clear_after_read", forgets}}});
  }
  static Output write(const Operation& to, int index, const Output& value, const Output& flow) {
    return add_output("TensorArrayWriteV3", {to.output(0), Input(index), value, flow});
  }
  static Output read(const Operation& from, int index, const Output& flow) {
    return add_output("TensorArrayReadV3", {from.output(0), Input(index), flow},
                      {.attrs = {{"dtype", float32}}});
  }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  Session session_;
  const Output value_ = constant({1.0f, 2.0f});
};

TEST_F(TensorArraysTest, KeepWhatIsWritten) {
  const Operation made = array(2);
  const Output flow = write(made, 1, value_, made.output(1));
  EXPECT_THAT(session_.run(read(made, 1, flow)).to_vector<float>(), ElementsAre(1, 2));
  // Each run has arrays of its own.
  EXPECT_THAT(session_.run(read(made, 1, flow)).to_vector<float>(), ElementsAre(1, 2));
}

TEST_F(TensorArraysTest, RefuseWhatIsBeyondTheirSize) {
  const Operation made = array(2), growing = array(0, true);
  EXPECT_ERROR(session_.run(write(made, 2, value_, made.output(1))), InvalidArgumentError,
               bad_argument, "Tried to write to index 2 but array size is: 2");
  EXPECT_ERROR(session_.run(read(made, -1, made.output(1))), InvalidArgumentError, bad_argument,
               "Tried to read from index -1 but array size is: 2");
  const Output flow = write(growing, 2, value_, growing.output(1));
  EXPECT_EQ(
      session_.run(add_output("TensorArraySizeV3", {growing.output(0), flow})).scalar<int32_t>(),
      3);
  EXPECT_ERROR(session_.run(array(-1).output(1)), InvalidArgumentError, bad_argument,
               "must be non-negative, not -1");
}

TEST_F(TensorArraysTest, RefuseSizesBeyondReason) {
  EXPECT_ERROR(session_.run(array(2'000'000'000).output(1)), ResourceExhaustedError,
               resource_exhausted, "2000000000 elements of a tensor array are more than");
  const Operation growing = array(0, true);
  EXPECT_ERROR(
      session_.run(write(growing, std::numeric_limits<int>::max(), value_, growing.output(1))),
      ResourceExhaustedError, resource_exhausted,
      "2147483648 elements of a tensor array are more than");
}

TEST_F(TensorArraysTest, RefusePartsThatDontFitWhatIsSplit) {
  const Operation made = array(3);
  const Output lengths = placeholder(int64, {-1});
  const Operation split =
      add_operation("TensorArraySplitV3", {made.output(0), value_, lengths, made.output(1)});
  const auto refuses = [&](const std::vector<int64_t>& of_parts) {
    EXPECT_ERROR(session_.run(split.output(0), {{lengths, Tensor(of_parts)}}), InvalidArgumentError,
                 shape_incompatible, "The lengths of parts don't fit value's shape (2,)");
  };
  refuses({3});
  refuses({1, 2});
  refuses({-1, 3});
  refuses({1, std::numeric_limits<int64_t>::max()});  // the sum is beyond int64
  session_.run(split.output(0), {{lengths, Tensor(std::vector<int64_t>{0, 1, 1})}});
}

TEST_F(TensorArraysTest, RefuseASecondWriteAndASecondRead) {
  const Operation made = array(1);
  const Output flow = write(made, 0, value_, made.output(1));
  EXPECT_ERROR(session_.run(write(made, 0, value_, flow)), InvalidArgumentError, bad_argument,
               "because it has already been written to");
  const Output first = read(made, 0, flow);
  const ScopeGuard after = control_dependencies({first.op()});
  EXPECT_ERROR(session_.run(read(made, 0, flow)), InvalidArgumentError, bad_argument,
               "it wasn't written, or it was read before and forgotten");
}

TEST_F(TensorArraysTest, RefuseElementsOfOtherShapesAndDtypes) {
  const Operation made = array(2);
  const Output flow = write(made, 1, constant({1.0f}), write(made, 0, value_, made.output(1)));
  EXPECT_ERROR(
      session_.run(add_output("TensorArrayGatherV3", {made.output(0), constant({0, 1}), flow},
                              {.attrs = {{"dtype", float32}}})),
      InvalidArgumentError, shape_incompatible, "inconsistent shapes: (2,) and (1,)");
  EXPECT_ERROR(session_.run(write(made, 0, constant({1}), made.output(1))), InvalidArgumentError,
               dtype_incompatible, "The tensor array has float32, not int32");
}

TEST_F(TensorArraysTest, RefuseToJoinMoreRowsThanANumberCounts) {
  const Operation made = array(2);
  const Output none = placeholder(float32, Shape::unknown());
  const Output flow = write(made, 1, none, write(made, 0, none, made.output(1)));
  const Output all =
      add_output("TensorArrayConcatV3", {made.output(0), flow}, {.attrs = {{"dtype", float32}}});
  const int64_t most = std::numeric_limits<int64_t>::max();
  EXPECT_ERROR(session_.run(all, {{none, Tensor(float32, {most, 0})}}), ValueError,
               shape_incompatible, "9223372036854775807");
}

// Handles are numbers, and a file may confuse them.
TEST_F(TensorArraysTest, AreNoStacksNorTheOtherWayRound) {
  const Operation made = array(1);
  const Operation stack = add_operation("StackV2", {Input(1)}, {.attrs = {{"elem_type", float32}}});
  const auto push = [&](const Output& onto, const Output& value) {
    return add_output("StackPushV2", {onto, value});
  };
  EXPECT_ERROR(session_.run(push(made.output(0), value_)), InvalidArgumentError, bad_argument,
               "A tensor array is used as a stack");
  EXPECT_ERROR(session_.run(write(stack, 0, value_, made.output(1))), InvalidArgumentError,
               bad_argument, "A stack is used as a tensor array");
  EXPECT_ERROR(session_.run(push(stack.output(0), constant({1, 2}))), InvalidArgumentError,
               dtype_incompatible, "The stack has float32, not int32");
  const Output pushed = push(stack.output(0), value_);
  const ScopeGuard after = control_dependencies({pushed.op()});
  EXPECT_ERROR(session_.run(push(stack.output(0), value_)), InvalidArgumentError, bad_argument,
               "Stack overflowed its max_size (1)");
}

// Files say what is read: what comes behind was planned for it.
TEST_F(TensorArraysTest, RefuseWhatTheGraphSaysOtherwise) {
  const Operation made = array(1);
  const Output flow = write(made, 0, value_, made.output(1));
  const auto read_as = [&](DType dtype, const Shape& shape) {
    const Output value = add_output("TensorArrayReadV3", {made.output(0), Input(0), flow},
                                    {.attrs = {{"dtype", dtype}, {"element_shape", shape}}});
    return value + value;
  };
  EXPECT_THAT(session_.run(read_as(float32, {2})).to_vector<float>(), ElementsAre(2, 4));
  EXPECT_ERROR(session_.run(read_as(float32, {300000})), InvalidArgumentError, shape_incompatible,
               "Output 0 is float32(2,), but the graph says float32(300000,)");
  EXPECT_ERROR(session_.run(read_as(float64, {2})), InvalidArgumentError, shape_incompatible,
               "Output 0 is float32(2,), but the graph says float64(2,)");
}

// What a host function gives isn't folded, whatever it is given.
TEST_F(TensorArraysTest, TextsOfConstantsAreNumbersOfTheRun) {
  const Operation split = add_operation(
      "StringSplit", {constant(Tensor({std::string("a b c")})), constant(Tensor(std::string(" ")))},
      {});
  EXPECT_THAT(session_.run(split.output(2) * int64_t{1}).to_vector<int64_t>(), ElementsAre(1, 3));
}

TEST_F(TensorArraysTest, StacksGiveTheLastFirst) {
  const Output stack = add_output("StackV2", {Input(-1)}, {.attrs = {{"elem_type", float32}}});
  const auto push = [&](float value) {
    return add_output("StackPushV2", {stack, constant(value)});
  };
  const Output one = push(1);
  const ScopeGuard after_one = control_dependencies({one.op()});
  const Output two = push(2);
  const ScopeGuard after_two = control_dependencies({two.op()});
  const auto pop = [&] {
    return add_output("StackPopV2", {stack}, {.attrs = {{"elem_type", float32}}});
  };
  const Output last = pop();
  const ScopeGuard after_last = control_dependencies({last.op()});
  const Output first = pop();
  const std::vector<Tensor> values = session_.run({last, first});
  EXPECT_EQ(values[0].scalar<float>(), 2);
  EXPECT_EQ(values[1].scalar<float>(), 1);
  const ScopeGuard after_first = control_dependencies({first.op()});
  EXPECT_ERROR(session_.run(pop()), InvalidArgumentError, bad_argument, "The stack is empty");
}

// As graphs of TensorFlow 0.x do it.
TEST_F(TensorArraysTest, OfOldAreFilledAndReadAsAWhole) {
  test::GraphDefWriter file;
  const auto floats = test::attr_type(float32);
  file.node("size", "Const", {},
            {{"dtype", test::attr_type(int32)},
             {"value", test::attr_tensor(int32, {}, [](auto& w) { w.add_int32(7, 2); })}})
      .placeholder("x", {2, 3})
      .node("array", "TensorArrayV3", {"size"}, {{"dtype", floats}})
      .node("fill", "TensorArrayUnpack", {"array", "x", "array:1"}, {{"T", floats}})
      .node("all", "TensorArrayPack", {"array", "fill"},
            {{"dtype", floats}, {"element_shape", test::attr_shape({3})}});
  import_graph_def_bytes(file.bytes(), {.name = ""});
  const Tensor x({{1.0f, 2.0f, 3.0f}, {4.0f, 5.0f, 6.0f}});
  EXPECT_EQ(session_.run("all:0", {{"x:0", x}}), x);
}

}  // namespace
}  // namespace tenon
