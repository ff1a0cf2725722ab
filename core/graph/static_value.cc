#include "core/graph/static_value.h"

#include <functional>
#include <optional>
#include <unordered_map>

#include "core/base/nesting.h"

namespace tenon::internal {
namespace {

constexpr int kDeepest = 64;  // how far values are followed back

thread_local int depth = 0;

// What has been worked out while one question is answered: a number that is used twice, n deep,
// would be followed back 2^n times. It goes with the question, for shapes may be narrowed later.
template <typename Answer>
struct Known {
  Answer answer;
  int depth;  // where it was asked for
};
struct HashOfEndpoint {
  size_t operator()(const Endpoint& endpoint) const {
    return std::hash<const void*>()(endpoint.node) + static_cast<size_t>(endpoint.index);
  }
};
template <typename Answer>
using Answers = std::unordered_map<Endpoint, Known<Answer>, HashOfEndpoint>;
struct Memory {
  Answers<Tensor> values;
  Answers<std::optional<Shape>> shapes;
};

thread_local Memory* memory = nullptr;  // of the question under way: while depth > 0

bool is_complete(const Tensor& value) { return static_cast<bool>(value); }
bool is_complete(const std::optional<Shape>& shape) { return shape && shape->fully_defined(); }

// The answer for an endpoint, remembered or worked out by `ask`. One that isn't complete may have
// been given up too deep: it is asked for again from where there is farther to go.
template <typename Answer, typename Ask>
Answer remembered(Answers<Answer> Memory::*answers, const Endpoint& endpoint, const Ask& ask) {
  std::optional<Memory> own;
  if (depth == 0) memory = &own.emplace();
  const auto found = (memory->*answers).find(endpoint);
  if (found != (memory->*answers).end() &&
      (is_complete(found->second.answer) || found->second.depth <= depth)) {
    return found->second.answer;
  }
  const Answer answer = [&] {
    const Nesting deeper(depth);
    return ask();
  }();
  (memory->*answers).insert_or_assign(endpoint, Known<Answer>{answer, depth});
  return answer;
}

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
  const bool has_value = node.def->value != nullptr && endpoint.index == 0;
  if ((!has_value && node.def->values == nullptr) || depth >= kDeepest) return {};
  return remembered(&Memory::values, endpoint, [&] {
    const StaticShapeContext context(node.attrs, inputs_of(node));
    if (has_value) return node.def->value(context).value_or(Tensor());
    const auto values = node.def->values(context);
    return values ? (*values)[static_cast<size_t>(endpoint.index)] : Tensor();
  });
}

Shape constant_value_as_shape(const Endpoint& endpoint) {
  const Node& node = *endpoint.node;
  const Shape& static_shape = node.output_shapes[static_cast<size_t>(endpoint.index)];
  if (static_shape.has_rank() && static_shape.rank() == 0) return Shape::unknown();
  if (const Tensor value = constant_value(endpoint)) return to_shape(value);
  if (node.def->shape_value != nullptr && depth < kDeepest) {
    const std::optional<Shape> shape = remembered(&Memory::shapes, endpoint, [&] {
      const StaticShapeContext context(node.attrs, inputs_of(node));
      return node.def->shape_value(context);
    });
    if (shape) return *shape;
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
