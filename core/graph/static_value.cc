#include "core/graph/static_value.h"

#include "core/base/nesting.h"

namespace tenon::internal {
namespace {

constexpr int kDeepest = 64;  // how far values are followed back

thread_local int depth = 0;

StaticInputs inputs_of(const Node& node) {
  StaticInputs seen;
  for (const Endpoint& input : node.inputs) seen.push_back({input, {}});
  return seen;
}

Shapes shapes_of(const StaticInputs& inputs) {
  Shapes shapes;
  shapes.reserve(inputs.size());
  for (const StaticInput& input : inputs) {
    shapes.push_back(
        input.literal
            ? input.literal.shape()
            : input.endpoint.node->output_shapes[static_cast<size_t>(input.endpoint.index)]);
  }
  return shapes;
}

}  // namespace

std::vector<int64_t> to_integers(const Tensor& tensor) {
  std::vector<int64_t> numbers;
  if (tensor.dtype() == DType::int32) {
    for (const int32_t number : tensor.data<int32_t>()) numbers.push_back(number);
  } else {
    for (const int64_t number : tensor.data<int64_t>()) numbers.push_back(number);
  }
  return numbers;
}

Shape to_shape(const Tensor& tensor) {
  Shape shape;
  for (const int64_t size : to_integers(tensor)) shape.push_back(size < 0 ? kUnknown : size);
  return shape;
}

std::optional<std::vector<int64_t>> ShapeContext::integers(int input) const {
  const Tensor known = value(input);
  if (!known || (known.dtype() != DType::int32 && known.dtype() != DType::int64)) {
    return std::nullopt;
  }
  return to_integers(known);
}

Tensor constant_value(const Endpoint& endpoint) {
  const Node& node = *endpoint.node;
  if (node.def->action == PlanAction::kConstant) return node.attrs.get<Tensor>("value");
  if (node.def->value == nullptr || endpoint.index != 0 || depth >= kDeepest) return {};
  const Nesting deeper(depth);
  const StaticShapeContext context(node.attrs, inputs_of(node));
  return node.def->value(context).value_or(Tensor());
}

Shape constant_value_as_shape(const Endpoint& endpoint) {
  const Node& node = *endpoint.node;
  const Shape& static_shape = node.output_shapes[static_cast<size_t>(endpoint.index)];
  if (static_shape.has_rank() && static_shape.rank() == 0) return Shape::unknown();
  if (const Tensor value = constant_value(endpoint)) return to_shape(value);
  if (node.def->shape_value != nullptr && depth < kDeepest) {
    const Nesting deeper(depth);
    const StaticShapeContext context(node.attrs, inputs_of(node));
    if (const std::optional<Shape> shape = node.def->shape_value(context)) return *shape;
  }
  if (!static_shape.has_rank() || static_shape[0] < 0) return Shape::unknown();
  return Shape(std::vector<int64_t>(static_cast<size_t>(static_shape[0]), kUnknown));
}

StaticShapeContext::StaticShapeContext(const AttrMap& attributes, StaticInputs inputs_seen)
    : ShapeContext(attributes, shapes_of(inputs_seen)), seen_(std::move(inputs_seen)) {}

Tensor StaticShapeContext::value(int input) const {
  const StaticInput& seen = seen_[static_cast<size_t>(input)];
  return seen.literal ? seen.literal : constant_value(seen.endpoint);
}

Shape StaticShapeContext::value_as_shape(int input) const {
  const StaticInput& seen = seen_[static_cast<size_t>(input)];
  if (!seen.literal) return constant_value_as_shape(seen.endpoint);
  return seen.literal.shape().rank() == 1 ? to_shape(seen.literal) : Shape::unknown();
}

}  // namespace tenon::internal
