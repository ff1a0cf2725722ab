#include "core/export/own_ops.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "core/export/flow_writer.h"
#include "core/graph/endpoint.h"

namespace tenon::internal {

namespace {

// One of them, while it is written; what it is made of stands below its name.
class OwnOp : public NodesBelow {
 public:
  OwnOp(GraphWriter& writer, WrittenScope& scope, Node& node, const NewNode& plain)
      : NodesBelow(scope, plain.name + '/', plain.device),
        writer_(writer),
        scope_(scope),
        node_(node),
        plain_(plain) {}

  const Node& node() const { return node_; }
  WrittenValue input(size_t i) { return value(node_.inputs[i]); }
  WrittenValue value(const Endpoint& endpoint) { return writer_.value(scope_, endpoint, node_); }
  DType dtype_of_element(const Endpoint& list) const { return writer_.dtype_of(element_of(list)); }
  WrittenValue shape(const WrittenValue& of) {
    return add("Shape", "output", int32, {of}, {{"T", of.dtype}, {"out_type", int32}});
  }

  // The node that has this one's name.
  void last(const char* op, const char* output, std::vector<WrittenValue> inputs, AttrMap attrs) {
    NewNode node = plain_;
    node.op = op;
    node.inputs = std::move(inputs);
    node.attrs = std::move(attrs);
    if (const AttrValue* places = plain_.attrs.find("_class")) node.attrs.set("_class", *places);
    const DType dtype =
        node_.output_dtypes.empty() ? DType::invalid : writer_.dtype_of({&node_, 0});
    scope_.set({&node_, 0}, scope_.add(node, output, dtype));
  }
  // And its second output.
  void second(const char* output) {
    scope_.set(
        {&node_, 1},
        {.node = plain_.name, .output = output, .index = 1, .dtype = node_.output_dtypes[1]});
  }

 private:
  GraphWriter& writer_;
  WrittenScope& scope_;
  Node& node_;
  const NewNode& plain_;
};

// Sums value over the axes along which one of like's shape is broadcast to it.
void write_sum_to(OwnOp& op) {
  const WrittenValue value = op.input(0), like = op.input(1);
  const Shape &from = shape_at(op.node().inputs[0]), &to = shape_at(op.node().inputs[1]);
  if (from.fully_defined() && from == to) {
    return op.last("Identity", "output", {value}, {{"T", value.dtype}});
  }
  const WrittenValue wanted = op.shape(like), had = op.shape(value);
  const WrittenValue axes =
      op.add("BroadcastGradientArgs", "r0", int32, {wanted, had}, {{"T", int32}});
  const WrittenValue sum = op.add("Sum", "output", value.dtype, {value, axes},
                                  {{"T", value.dtype}, {"Tidx", int32}, {"keep_dims", false}});
  op.last("Reshape", "output", {sum, wanted}, {{"T", value.dtype}, {"Tshape", int32}});
}

// Its shape is right, or TensorFlow's run would fail elsewhere.
void write_of_shape(OwnOp& op) {
  const WrittenValue value = op.input(0);
  op.last("Identity", "output", {value}, {{"T", value.dtype}});
}

// Rows that are sparse here are a whole tensor there: what takes them as rows takes them before.
void write_indexed_slices(OwnOp& op) {
  const WrittenValue rows = op.input(0), indices = op.input(1), sizes = op.shape(op.input(2));
  const WrittenValue zero = op.constant(Tensor({0})), one = op.constant(Tensor({1}));
  const WrittenValue count =
      op.add("StridedSlice", "output", int32, {sizes, zero, one, one},
             {{"T", int32}, {"Index", int32}, {"shrink_axis_mask", int64_t{1}}});
  op.last("UnsortedSegmentSum", "output", {rows, indices, count},
          {{"T", rows.dtype}, {"Tindices", indices.dtype}, {"Tnumsegments", int32}});
}

WrittenValue as_int64(OwnOp& op, const WrittenValue& value) {
  if (value.dtype == DType::int64) return value;
  return op.add("Cast", "y", int64, {value}, {{"SrcT", value.dtype}, {"DstT", int64}});
}

// The number of each index among all elements.
void write_linear_indices(OwnOp& op) {
  const WrittenValue indices = as_int64(op, op.input(0)), sizes = as_int64(op, op.input(1));
  const WrittenValue steps =
      op.add("Cumprod", "out", int64, {sizes, op.constant(Tensor(0))},
             {{"T", int64}, {"Tidx", int32}, {"exclusive", true}, {"reverse", true}});
  const WrittenValue along = op.add("Mul", "z", int64, {indices, steps}, {{"T", int64}});
  op.last("Sum", "output", {along, op.constant(Tensor(-1))},
          {{"T", int64}, {"Tidx", int32}, {"keep_dims", false}});
}

void write_partition_places(OwnOp& op) {
  const auto number = static_cast<int32_t>(op.node().attrs.get<int64_t>("partition"));
  const WrittenValue is =
      op.add("Equal", "z", bool_, {op.input(0), op.constant(Tensor(number))}, {{"T", int32}});
  const WrittenValue places = op.add("Where", "index", int64, {is}, {{"T", bool_}});
  op.last("Reshape", "output", {places, op.constant(Tensor({-1}))},
          {{"T", int64}, {"Tshape", int32}});
}

// One more than the last of ids, which are sorted.
void write_segment_count(OwnOp& op) {
  const WrittenValue ids = op.input(0);
  const bool wide = ids.dtype == DType::int64;
  const WrittenValue none = op.constant(wide ? Tensor({int64_t{-1}}) : Tensor({-1}));
  const WrittenValue axis = op.constant(Tensor(0));
  const WrittenValue all = op.add("ConcatV2", "output", ids.dtype, {none, ids, axis},
                                  {{"T", ids.dtype}, {"Tidx", int32}, {"N", int64_t{2}}});
  const WrittenValue most = op.add("Max", "output", ids.dtype, {all, axis},
                                   {{"T", ids.dtype}, {"Tidx", int32}, {"keep_dims", false}});
  op.last("AddV2", "z", {most, op.constant(wide ? Tensor(int64_t{1}) : Tensor(1))},
          {{"T", ids.dtype}});
}

// As TensorFlow's cond: the variable's value goes one way, the initial value the other.
void write_initialized_value(OwnOp& op) {
  const bool is_resource = op.node().type() == "_InitializedResource";
  const WrittenValue variable = op.input(0), initial = op.input(1);
  const DType dtype = initial.dtype;
  const DType passed = is_resource ? DType::resource : dtype;
  const WrittenValue is = is_resource
                              ? op.add("VarIsInitializedOp", "is_initialized", bool_, {variable})
                              : op.add("IsVariableInitialized", "is_initialized", bool_, {variable},
                                       {{"dtype", dtype}});
  WrittenValue there = op.add(is_resource ? "Switch" : "RefSwitch", "output_true", passed,
                              {variable, is}, {{"T", passed}});
  there.index = 1;
  const WrittenValue read =
      is_resource ? op.add("ReadVariableOp", "value", dtype, {there}, {{"dtype", dtype}})
                  : op.add("Identity", "output", dtype, {there}, {{"T", dtype}});
  const WrittenValue otherwise =
      op.add("Switch", "output_false", dtype, {initial, is}, {{"T", dtype}});
  op.last("Merge", "output", {otherwise, read}, {{"T", dtype}, {"N", int64_t{2}}});
}

// Texts are made by Assert and Print themselves there.
void write_with_texts(OwnOp& op) {
  const Node& node = op.node();
  std::vector<WrittenValue> inputs = {op.input(0)};
  std::vector<DType> dtypes;
  int64_t summarize = 3;
  for (size_t i = 1; i < node.inputs.size(); ++i) {
    Endpoint item = node.inputs[i];
    if (item.node->type() == "_Text") {
      summarize = item.node->attrs.get<int64_t>("summarize");
      item = item.node->inputs[0];
    }
    inputs.push_back(op.value(item));
    dtypes.push_back(inputs.back().dtype);
  }
  AttrMap attrs = {{"summarize", summarize}};
  if (node.type() == "Assert") {
    attrs.set("T", std::move(dtypes));
    return op.last("Assert", "output", std::move(inputs), attrs);
  }
  attrs.set("T", inputs[0].dtype);
  attrs.set("U", std::move(dtypes));
  for (const char* name : {"message", "first_n"}) attrs.set(name, *node.attrs.find(name));
  op.last("Print", "output", std::move(inputs), attrs);
}

// Zeros may stand behind the places, as they do here.
void write_suppression(OwnOp& op) {
  op.last("NonMaxSuppressionV4", "selected_indices",
          {op.input(0), op.input(1), op.input(2), op.input(3), op.input(4)},
          {{"T", float32}, {"T_threshold", float32}, {"pad_to_max_output_size", true}});
  op.second("valid_outputs");
}

// Sizes without the first.
WrittenValue rest_of(OwnOp& op, const WrittenValue& sizes) {
  const WrittenValue one = op.constant(Tensor({1}));
  return op.add("StridedSlice", "output", int32, {sizes, one, one, one},
                {{"T", int32}, {"Index", int32}, {"end_mask", int64_t{1}}});
}

void write_stack_rounds(OwnOp& op) {
  op.last("TensorListStack", "tensor", {op.input(0), rest_of(op, op.input(1))},
          {{"element_dtype", op.node().output_dtypes[0]}, {"num_elements", int64_t{-1}}});
}

void write_unstack_rounds(OwnOp& op) {
  const WrittenValue value = op.input(0);
  op.last("TensorListFromTensor", "output_handle", {value, rest_of(op, op.shape(value))},
          {{"element_dtype", value.dtype}, {"shape_type", int32}});
}

void write_sum_rounds(OwnOp& op) {
  const DType dtype = op.node().output_dtypes[0];
  const DType of_indices = op.dtype_of_element(op.node().inputs[1]);
  const WrittenValue zero = op.constant(Tensor(0)), first = op.constant(Tensor({0})),
                     one = op.constant(Tensor({1})), any = op.constant(Tensor({-1})),
                     none = op.constant(Tensor(int64, {0})), sizes = op.input(2);
  const auto joined = [&](const WrittenValue& list, const WrittenValue& shape, DType of) {
    return op.add("TensorListConcatV2", "tensor", of, {list, shape, none},
                  {{"element_dtype", of}, {"shape_type", int32}});
  };
  const WrittenValue shape = op.add("ConcatV2", "output", int32, {any, rest_of(op, sizes), zero},
                                    {{"N", int64_t{2}}, {"T", int32}, {"Tidx", int32}});
  const WrittenValue count =
      op.add("StridedSlice", "output", int32, {sizes, first, one, one},
             {{"T", int32}, {"Index", int32}, {"shrink_axis_mask", int64_t{1}}});
  const WrittenValue indices = joined(op.input(1), any, of_indices);
  op.last("UnsortedSegmentSum", "output", {joined(op.input(0), shape, dtype), indices, count},
          {{"T", dtype}, {"Tindices", of_indices}, {"Tnumsegments", int32}});
}
void write_list_sum(OwnOp& op) {
  std::vector<WrittenValue> lists;
  for (size_t i = 0; i < op.node().inputs.size(); ++i) lists.push_back(op.input(i));
  const auto count = static_cast<int64_t>(lists.size());
  op.last("AddN", "sum", std::move(lists), {{"T", kVariant}, {"N", count}});
}
void write_list_zeros(OwnOp& op) { op.last("ZerosLike", "y", {op.input(0)}, {{"T", kVariant}}); }

struct Row {
  std::string_view type;
  void (*write)(OwnOp& op);
};

constexpr std::array kOwnOps = {
    Row{"_SumTo", write_sum_to},
    Row{"_OfShape", write_of_shape},
    Row{"_IndexedSlices", write_indexed_slices},
    Row{"_LinearIndices", write_linear_indices},
    Row{"_PartitionPlaces", write_partition_places},
    Row{"_SegmentCount", write_segment_count},
    Row{"_TensorListSum", write_list_sum},
    Row{"_TensorListZeros", write_list_zeros},
    Row{"_NonMaxSuppression", write_suppression},
    Row{"_StackRounds", write_stack_rounds},
    Row{"_UnstackRounds", write_unstack_rounds},
    Row{"_SumRounds", write_sum_rounds},
    Row{"_InitializedValue", write_initialized_value},
    Row{"_InitializedResource", write_initialized_value},
    Row{"Assert", write_with_texts},
    Row{"Print", write_with_texts},
};

}  // namespace

bool is_written(const Node& node) { return node.type() != "_Text" && node.type() != "_Parameter"; }

bool write_own_op(GraphWriter& writer, WrittenScope& scope, Node& node, const NewNode& plain) {
  const auto row = std::find_if(kOwnOps.begin(), kOwnOps.end(),
                                [&](const Row& one) { return one.type == node.type(); });
  if (row == kOwnOps.end()) return false;
  OwnOp op(writer, scope, node, plain);
  row->write(op);
  return true;
}

}  // namespace tenon::internal
