// ParseExample and its kin: tf.Examples, taken apart into a tensor for each of the features that
// are wanted.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/host_call.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/io/example_batch.h"
#include "core/ops/host_op.h"

namespace tenon::internal {
namespace {

using DTypes = std::vector<DType>;

void check_standard(const DenseFeature& feature, size_t number) {
  const Shape& shape = feature.standard.shape();
  if (feature.varies()) {
    require(feature.standard.element_count() == 1, ErrorKind::shape_incompatible, "dense_shape[",
            number, "] is a variable length shape: ", feature.shape, ", therefore def_value[",
            number,
            "] must contain a single element (the padding element).  But its shape is: ", shape);
  } else {
    require(feature.standard.element_count() == 0 || shape == feature.shape,
            ErrorKind::shape_incompatible, "def_value[", number, "].shape() == ", shape,
            " is not compatible with dense_shapes_[", number, "] == ", feature.shape);
  }
}

// What the attributes of all operations say.
WantedExamples wanted_by(HostCall& call, const std::vector<std::string>& dense_keys,
                         const std::vector<std::string>& sparse_keys, size_t first_default) {
  WantedExamples wanted{.serialized = call.input(0), .names = Tensor(DType::string, {0})};
  require(wanted.serialized.shape().rank() <= 1, ErrorKind::shape_incompatible,
          "Examples must be a scalar or a vector of strings, not ", wanted.serialized.shape());
  const auto shapes = call.attr<std::vector<Shape>>("dense_shapes");
  for (size_t i = 0; i < shapes.size(); ++i) {
    wanted.dense.push_back({dense_keys[i], shapes[i], call.input(first_default + i)});
    check_standard(wanted.dense.back(), i);
  }
  const auto types = call.attr<DTypes>("sparse_types");
  for (size_t i = 0; i < types.size(); ++i) {
    wanted.sparse.push_back({.key = sparse_keys[i], .dtype = types[i]});
  }
  return wanted;
}

void take_names(HostCall& call, WantedExamples& wanted) {
  wanted.names = call.input(1);
  require(wanted.names.element_count() == 0 || wanted.names.shape() == wanted.serialized.shape(),
          ErrorKind::shape_incompatible,
          "Expected names have the same shape as serialized: name.shape=", wanted.names.shape(),
          ", serialized.shape=", wanted.serialized.shape());
}

// Keys that are inputs, one each.
std::vector<std::string> keys_of(HostCall& call, size_t first, size_t count) {
  std::vector<std::string> keys;
  for (size_t i = first; i < first + count; ++i) {
    const Tensor key = call.input(i);
    require(key.element_count() == 1, ErrorKind::shape_incompatible,
            "The key of a feature must be a single string, but has shape ", key.shape());
    keys.push_back(key.scalar<std::string>());
  }
  return keys;
}
// Keys that are one input.
std::vector<std::string> keys_in(HostCall& call, size_t input, size_t count, const char* what) {
  const Tensor keys = call.input(input);
  require(keys.element_count() == static_cast<int64_t>(count), ErrorKind::shape_incompatible,
          "Expected ", count, " ", what, ", not ", keys.shape());
  return keys.to_vector<std::string>();
}

std::vector<Tensor> parse_batch(HostCall& call) {
  const size_t sparse = call.attr<DTypes>("sparse_types").size();
  const size_t dense = call.attr<DTypes>("Tdense").size();
  WantedExamples wanted = wanted_by(call, keys_of(call, 2 + sparse, dense),
                                    keys_of(call, 2, sparse), 2 + sparse + dense);
  take_names(call, wanted);
  return parse_examples(wanted);
}

std::vector<Tensor> parse_any(HostCall& call) {
  const auto ragged = call.attr<DTypes>("ragged_value_types");
  const size_t sparse = call.attr<DTypes>("sparse_types").size();
  const size_t dense = call.attr<DTypes>("Tdense").size();
  WantedExamples wanted = wanted_by(call, keys_in(call, 3, dense, "dense_keys"),
                                    keys_in(call, 2, sparse, "sparse_keys"), 5);
  take_names(call, wanted);
  const auto keys = keys_in(call, 4, ragged.size(), "ragged_keys");
  const auto splits = call.attr<DTypes>("ragged_split_types");
  for (size_t i = 0; i < ragged.size(); ++i) {
    wanted.ragged.push_back({.key = keys[i], .dtype = ragged[i], .split_dtype = splits[i]});
  }
  return parse_examples(wanted);
}

std::vector<Tensor> parse_single(HostCall& call) {
  using Keys = std::vector<std::string>;
  return parse_examples(
      wanted_by(call, call.attr<Keys>("dense_keys"), call.attr<Keys>("sparse_keys"), 1));
}

void check_types(const AttrMap& attrs, const char* name, const DTypes& allowed) {
  for (const DType dtype : attrs.get<DTypes>(name)) {
    require<TypeError>(std::find(allowed.begin(), allowed.end(), dtype) != allowed.end(),
                       ErrorKind::dtype_incompatible, "Value passed to parameter '", name,
                       "' has DataType ", dtype, " not in list of allowed values: ", join(allowed));
  }
}
void check_count(size_t have, size_t want, const char* what) {
  require<ValueError>(have == want, ErrorKind::bad_argument, "There are ", have, " ", what, " for ",
                      want, " features");
}

void check_dense(const AttrMap& attrs) {
  const auto& shapes = attrs.get<std::vector<Shape>>("dense_shapes");
  check_types(attrs, "Tdense", {DType::float32, DType::int64, DType::string});
  check_count(shapes.size(), attrs.get<DTypes>("Tdense").size(), "dense_shapes");
  for (size_t i = 0; i < shapes.size(); ++i) {
    const bool is_known =
        shapes[i].has_rank() &&
        (shapes[i].rank() == 0 || subshape(shapes[i], 1, shapes[i].rank()).fully_defined());
    require<ValueError>(is_known, ErrorKind::no_shape, "dense_shapes[", i,
                        "] has unknown rank or unknown inner dimensions: ", shapes[i]);
  }
}

// The shapes of what comes of sparse and dense features; `before` is the shape of all examples.
Shapes outputs_of(const AttrMap& attrs, const Shape& before) {
  check_dense(attrs);
  check_types(attrs, "sparse_types", {DType::float32, DType::int64, DType::string});
  const size_t sparse = attrs.get<DTypes>("sparse_types").size();
  const int64_t rank = before.has_rank() ? before.rank() + 1 : kUnknown;
  Shapes shapes;
  for (size_t i = 0; i < sparse; ++i) shapes.push_back(Shape{kUnknown, rank});
  for (size_t i = 0; i < sparse; ++i) shapes.push_back(Shape{kUnknown});
  for (size_t i = 0; i < sparse; ++i) shapes.push_back(Shape{rank});
  for (const Shape& dense : attrs.get<std::vector<Shape>>("dense_shapes")) {
    shapes.push_back(before.has_rank() ? concatenated(before, dense) : Shape::unknown());
  }
  return shapes;
}

Shapes shapes_of_batch(const ShapeContext& context) {
  const AttrMap& attrs = context.attrs;
  const auto count_in = [&](const char* name) {
    return static_cast<size_t>(attrs.get<int64_t>(name));
  };
  check_count(count_in("Nsparse"), attrs.get<DTypes>("sparse_types").size(), "sparse_keys");
  check_count(count_in("Ndense"), attrs.get<DTypes>("Tdense").size(), "dense_keys");
  return outputs_of(attrs, with_rank(context.inputs[0], 1, "serialized"));
}

Shapes shapes_of_any(const ShapeContext& context) {
  const AttrMap& attrs = context.attrs;
  const Shape& before = context.inputs[0];
  require<ValueError>(!before.has_rank() || before.rank() <= 1, ErrorKind::shape_incompatible,
                      "Shape must be at most rank 1 but is rank ", before.rank());
  check_count(static_cast<size_t>(attrs.get<int64_t>("num_sparse")),
              attrs.get<DTypes>("sparse_types").size(), "num_sparse");
  check_types(attrs, "ragged_value_types", {DType::float32, DType::int64, DType::string});
  check_types(attrs, "ragged_split_types", {DType::int32, DType::int64});
  const size_t ragged = attrs.get<DTypes>("ragged_value_types").size();
  check_count(attrs.get<DTypes>("ragged_split_types").size(), ragged, "ragged_split_types");
  Shapes shapes = outputs_of(attrs, before);
  for (size_t i = 0; i < 2 * ragged; ++i) shapes.push_back(Shape{kUnknown});
  return shapes;
}

Shapes shapes_of_single(const ShapeContext& context) {
  const AttrMap& attrs = context.attrs;
  using Keys = std::vector<std::string>;
  const size_t sparse = attrs.get<DTypes>("sparse_types").size();
  check_count(static_cast<size_t>(attrs.get<int64_t>("num_sparse")), sparse, "num_sparse");
  check_count(attrs.get<Keys>("sparse_keys").size(), sparse, "sparse_keys");
  check_count(attrs.get<Keys>("dense_keys").size(), attrs.get<DTypes>("Tdense").size(),
              "dense_keys");
  return outputs_of(attrs, with_rank(context.inputs[0], 0, "serialized"));
}

OpDef example_op(const char* name, std::vector<std::string> inputs, const std::string& sparse_count,
                 ShapeFunction shape, HostFunction run, AttrMap defaults) {
  defaults.set("dense_shapes", std::vector<Shape>());
  inputs.insert(inputs.begin(), "serialized: string");
  inputs.emplace_back("dense_defaults: list(Tdense)");
  return host_op(
      {.name = name,
       .inputs = std::move(inputs),
       .outputs = {"sparse_indices: " + sparse_count + " * int64",
                   "sparse_values: list(sparse_types)",
                   "sparse_shapes: " + sparse_count + " * int64", "dense_values: list(Tdense)"},
       .defaults = std::move(defaults),
       .shape = shape,
       .host = run});
}

}  // namespace

void register_flow_examples(OpRegistry& ops) {
  ops.add(
      example_op("ParseExample",
                 {"names: string", "sparse_keys: Nsparse * string", "dense_keys: Ndense * string"},
                 "Nsparse", shapes_of_batch, parse_batch, {}));
  OpDef second = example_op(
      "ParseExampleV2",
      {"names: string", "sparse_keys: string", "dense_keys: string", "ragged_keys: string"},
      "num_sparse", shapes_of_any, parse_any, {});
  second.outputs.emplace_back("ragged_values: list(ragged_value_types)");
  second.outputs.emplace_back("ragged_row_splits: list(ragged_split_types)");
  ops.add(std::move(second));
  ops.add(example_op(
      "ParseSingleExample", {}, "num_sparse", shapes_of_single, parse_single,
      {{"sparse_keys", std::vector<std::string>()}, {"dense_keys", std::vector<std::string>()}}));
}

}  // namespace tenon::internal
