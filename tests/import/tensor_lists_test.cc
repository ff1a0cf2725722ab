// Tensor lists of TensorFlow 2's loops: what they refuse. What they do, a recorded graph has
// (control_flow_test.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "core/ops/tensor_lists.h"
#include "tenon/tenon.h"
#include "tests/testing/errors.h"
#include "tests/testing/graph_def_writer.h"

namespace tenon {
namespace {

using internal::add_output;
using internal::TensorLists;
using testing::ElementsAre;

class TensorListsTest : public testing::Test {
 protected:
  static Output reserved(int32_t size, const Output& shape) {
    return add_output("TensorListReserve", {shape, constant(size)},
                      {.attrs = {{"element_dtype", float32}}});
  }
  static Output item(const Output& list, int32_t index, DType dtype = float32) {
    return add_output("TensorListGetItem", {list, constant(index), constant(-1)},
                      {.attrs = {{"element_dtype", dtype}}});
  }
  static Output set(const Output& list, int32_t index, const Output& value) {
    return add_output("TensorListSetItem", {list, constant(index), value});
  }
  static Output stacked(const Output& list, int64_t count = -1) {
    return add_output("TensorListStack", {list, constant(-1)},
                      {.attrs = {{"element_dtype", float32}, {"num_elements", count}}});
  }
  void refuses(const Output& output, ErrorKind kind, const std::string& text) {
    try {
      session_.run(output);
      ADD_FAILURE() << "threw nothing, where it should have: " << text;
    } catch (const InvalidArgumentError& error) {
      EXPECT_EQ(to_string(error.kind()), to_string(kind));
      EXPECT_THAT(error.what(), testing::HasSubstr(text));
    }
  }

  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  Session session_;
  const Output list_ = reserved(2, constant({2})), any_ = reserved(1, constant(-1));
};

TEST_F(TensorListsTest, HaveZerosWhereNothingWasSet) {
  EXPECT_THAT(session_.run(item(list_, 1)).to_vector<float>(), ElementsAre(0, 0));
  refuses(item(any_, 0), ErrorKind::no_shape,
          "Trying to read an uninitialized tensor but element_shape is not fully defined");
  refuses(stacked(reserved(0, constant(-1))), ErrorKind::no_shape,
          "Tried to stack elements of a list with non-fully-defined element_shape");
}

TEST_F(TensorListsTest, HaveElementsOfOneKind) {
  refuses(
      set(list_, 0, constant({1.0f})), ErrorKind::shape_incompatible,
      "Tried to set a tensor with incompatible shape at a list index. Item element shape: (1,)");
  refuses(set(list_, 0, constant({1, 2})), ErrorKind::dtype_incompatible,
          "Invalid data types; op elements int32 but list elements float32");
  refuses(item(list_, 0, int32), ErrorKind::dtype_incompatible, "Invalid data types");
  const Output other = set(set(reserved(2, constant(-1)), 0, constant({1.0f})), 1, constant(2.0f));
  refuses(stacked(other), ErrorKind::shape_incompatible, "Incompatible shapes");
}

TEST_F(TensorListsTest, HaveNoElementsBeyondTheirEnds) {
  refuses(item(list_, 2), ErrorKind::index_out_of_range,
          "Trying to access element 2 in a list with 2 elements.");
  refuses(set(list_, -1, constant({1.0f, 2.0f})), ErrorKind::index_out_of_range,
          "Trying to modify element -1 in a list with 2 elements.");
  refuses(stacked(list_, 3), ErrorKind::shape_incompatible,
          "Operation expected a list with 3 elements but got a list with 2 elements.");
  refuses(reserved(-1, constant(-1)), ErrorKind::bad_argument, "must be a non negative number");
  EXPECT_ERROR(session_.run(reserved(0x7fffffff, constant(-1))), ResourceExhaustedError,
               resource_exhausted, "2147483647 elements of a tensor list are more than");
}

TEST_F(TensorListsTest, AreNotMadeOfMoreRowsThanMemoryHolds) {
  const Output rows = placeholder(float32, Shape::unknown());
  const Output made = add_output("TensorListFromTensor", {rows, constant(-1)});
  EXPECT_ERROR(session_.run(made, {{rows, Tensor(float32, {int64_t{1} << 40, 0})}}),
               ResourceExhaustedError, resource_exhausted, "elements of a tensor list");
}

// Of what isn't set the first dimension is what leading_dims says.
TEST_F(TensorListsTest, AreJoinedWhereAllLengthsAreKnown) {
  const Output list = set(reserved(2, constant(-1)), 1, constant({1.0f, 2.0f, 3.0f, 4.0f}));
  const auto joined = [&](const std::vector<int64_t>& leading) {
    return add_output("TensorListConcatV2",
                      {list, constant(Tensor({-1})), constant(Tensor(leading))},
                      {.attrs = {{"element_dtype", float32}}});
  };
  EXPECT_THAT(session_.run(joined({1})).to_vector<float>(), ElementsAre(0, 1, 2, 3, 4));
  for (const std::vector<int64_t>& leading : {std::vector<int64_t>{-1, -1}, {}}) {
    refuses(joined(leading), ErrorKind::no_shape,
            "Concat requires that the first dimension of elements that aren't set is known");
  }
}

TEST_F(TensorListsTest, ArePushedToAndPopped) {
  const Output full = add_output("EmptyTensorList", {constant(-1), constant(1)},
                                 {.attrs = {{"element_dtype", float32}}});
  const Output one = add_output("TensorListPushBack", {full, constant(5.0f)});
  refuses(add_output("TensorListPushBack", {one, constant(5.0f)}), ErrorKind::bad_argument,
          "Tried to push item into a full list. List size: 1, max_num_elements: 1");
  refuses(add_output("TensorListPopBack", {full, constant(-1)},
                     {.attrs = {{"element_dtype", float32}}}),
          ErrorKind::bad_argument, "Trying to pop from an empty list.");
}

TEST_F(TensorListsTest, AreNotComputedFrom) {
  for (const Output& number : {list_ + list_, list_ * int64_t{0}}) {
    refuses(item(number, 0), ErrorKind::bad_argument, "The tensor list belongs to another run");
  }
}

// What they do where a loop fills and reads lists, a recorded graph has (control_flow_test.cc).
TEST_F(TensorListsTest, HaveGradients) {
  const Output x = placeholder(float32, {2}), set_twice = set(set(list_, 0, x), 0, x * 3.0f);
  const Output read = item(set_twice, 0) * item(set_twice, 0) + item(set_twice, 1);
  const std::vector<Output> found = gradients({read, stacked(list_)}, {x});
  EXPECT_THAT(session_.run(found[0], {{x, Tensor({1.0f, 2.0f})}}).to_vector<float>(),
              ElementsAre(18, 36));
  EXPECT_FALSE(gradients({stacked(list_)}, {x})[0]);
}

TEST_F(TensorListsTest, HaveGradientsWhereTheyAreResizedAndSplit) {
  const Output x = placeholder(float32, {3});
  const Output longer = add_output("TensorListSetItem", {list_, constant(3), slice(x, {0}, {2})},
                                   {.attrs = {{"resize_if_index_out_of_bounds", true}}});
  const Output parts = add_output(
      "TensorListSplit", {x, constant(Tensor({-1})), constant(Tensor(std::vector<int64_t>{1, 2}))});
  const Output y = stacked(add_output("TensorListResize", {longer, constant(5)}), 5);
  const Output z = item(parts, 1) * constant({5.0f, 7.0f});
  const Output dx = gradients({y, z}, {x})[0];
  EXPECT_THAT(session_.run(dx, {{x, Tensor({1.0f, 2.0f, 3.0f})}}).to_vector<float>(),
              ElementsAre(1, 6, 7));
  refuses(add_output("TensorListSplit", {constant({1.0f, 2.0f, 3.0f}), constant(Tensor({-1})),
                                         constant(Tensor(std::vector<int64_t>{1, 1}))}),
          ErrorKind::shape_incompatible, "The lengths of parts don't fit the shape (3,)");
}

TEST_F(TensorListsTest, AreAddedWhereTheyAreOfOneLength) {
  const Output one = set(list_, 0, constant({1.0f, 2.0f}));
  const Output other = set(one, 1, constant({3.0f, 4.0f}));
  const Output sum =
      add_output("_TensorListSum", {std::vector<Output>{one, other, list_}}, {.name = "sum"});
  EXPECT_THAT(session_.run(stacked(sum)).to_vector<float>(), ElementsAre(2, 4, 3, 4));
  refuses(add_output("_TensorListSum", {std::vector<Output>{one, any_}}, {.name = "other"}),
          ErrorKind::shape_incompatible,
          "Trying to add two lists of tensors with different lengths: 2 and 1");
}

// Each handle is the list that it was, whichever is asked for and in whatever order.
TEST_F(TensorListsTest, StayWhatTheyWere) {
  TensorLists lists;
  std::vector<int64_t> handles = {lists.add({.dtype = float32}, {Tensor(0.0f), Tensor(1.0f)})};
  handles.push_back(lists.with_added(handles[0], Tensor(2.0f)));
  handles.push_back(lists.with_set(handles[1], 0, Tensor(3.0f)));
  handles.push_back(lists.without_last(handles[2]));
  handles.push_back(lists.with_set(handles[0], 1, Tensor(4.0f)));
  handles.push_back(lists.without_last(handles[0]));
  handles.push_back(lists.with_added(handles[5], Tensor(5.0f)));
  const std::vector<std::vector<float>> wanted = {{0, 1}, {0, 1, 2}, {3, 1, 2}, {3, 1},
                                                  {0, 4}, {0},       {0, 5}};
  for (const size_t first : {0, 3, 6, 2, 5, 1, 4}) {
    for (size_t i = 0; i < handles.size(); ++i) {
      const size_t which = (first + i * 3) % handles.size();
      std::vector<float> found;
      for (const Tensor& one : lists.elements(handles[which])) found.push_back(one.scalar<float>());
      EXPECT_EQ(found, wanted[which]) << which;
    }
  }
}

// A handle that a file feeds to itself is none.
TEST_F(TensorListsTest, AreNoConstants) {
  test::GraphDefWriter file;
  constexpr auto kVariant = static_cast<DType>(21);
  file.node("list", "Const", {},
            {{"dtype", test::attr_type(kVariant)},
             {"value", test::attr_tensor(kVariant, {}, [](auto&) {})}});
  EXPECT_ERROR(import_graph_def_bytes(file.bytes()), UnimplementedError, no_kernel,
               "dtype variant of Const");
}

}  // namespace
}  // namespace tenon
