// Softmax and LogSoftmax over the last dimension.

#include <tuple>

#include "core/backend/backend.h"
#include "core/base/check.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

Shapes softmax_shape(const ShapeContext& context) {
  return {with_rank_at_least(context.inputs[0], 1, "logits")};
}

Output sum_of_rows(const Output& x) { return reduce_sum(x, {.axis = {-1}, .keepdims = true}); }

Outputs softmax_gradient(const Operation& op, const Outputs& dy) {
  const Output y = op.output(0);
  return {(dy[0] - sum_of_rows(dy[0] * y)) * y};
}

Outputs log_softmax_gradient(const Operation& op, const Outputs& dy) {
  return {dy[0] - sum_of_rows(dy[0]) * exp(op.output(0))};
}

// Another axis than the last is brought to the end and back.
Output over_axis(const char* type, const char* name, const Input& logits,
                 const nn::SoftmaxOptions& options) {
  const std::string& called = options.name.empty() ? name : options.name;
  const Shape shape = logits.shape();
  require<TypeError>(options.axis == -1 || shape.has_rank(), ErrorKind::dtype_incompatible,
                     "softmax over axis ", options.axis, " needs logits of a known rank");
  if (options.axis == -1 || resolve_axis(options.axis, shape.rank()) == shape.rank() - 1) {
    return add_output(type, {logits}, {.name = called});
  }
  const OpScope scope(called, name, {logits});
  const Output x = as_output(logits, "logits");
  std::vector<int64_t> swapped;
  for (int i = 0; i < shape.rank(); ++i) swapped.push_back(i);
  std::swap(swapped[static_cast<size_t>(resolve_axis(options.axis, shape.rank()))], swapped.back());
  const Output result = add_output(type, {transpose(x, {.perm = swapped})});
  return transpose(result, {.perm = swapped, .name = scope.name()});
}

bool normalizes_rows(const KernelRequest& request) { return request.input_shape(0).rank() > 1; }

}  // namespace

void register_nn_softmax(OpRegistry& ops) {
  const std::tuple<const char*, const char*, GradientFunction> rows[] = {
      {"Softmax", "softmax: T", softmax_gradient},
      {"LogSoftmax", "logsoftmax: T", log_softmax_gradient}};
  for (const auto& [name, output, gradient] : rows) {
    ops.add({.name = name,
             .inputs = {"logits: T"},
             .outputs = {output},
             .types = {{"T", kFloats}},
             .shape = softmax_shape,
             .gradient = gradient,
             .by_rows = normalizes_rows});
  }
}

}  // namespace internal

Output nn::softmax(Input logits, const SoftmaxOptions& options) {
  return internal::over_axis("Softmax", "Softmax", logits, options);
}
Output nn::log_softmax(Input logits, const SoftmaxOptions& options) {
  return internal::over_axis("LogSoftmax", "LogSoftmax", logits, options);
}

}  // namespace tenon
