// Cross entropies. The two operations compute the loss of each row and, beside it, its gradient.

#include <string>
#include <string_view>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/ops/array_rules.h"
#include "core/ops/elementwise_rules.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/op_scope.h"
#include "tenon/nn.h"

namespace tenon {
namespace internal {
namespace {

// What fits is taken for the same, as in TensorFlow: sizes that nobody knows broadcast in the run.
Shapes dense_shape(const ShapeContext& context) {
  const Shape logits = with_rank(context.inputs[0], 2, "logits"),
              labels = with_rank(context.inputs[1], 2, "labels");
  const Shape both =
      logits.compatible_with(labels) ? logits.merged_with(labels) : broadcast_shape(logits, labels);
  return {Shape{both[0]}, both};
}

// An attribute: whether other numbers of labels than of rows are a failed assertion in the run, as
// TensorFlow makes one where it doesn't know the rank of the logits.
constexpr std::string_view kAsserts = "_asserts";

Shapes sparse_shape(const ShapeContext& context) {
  Shape logits = with_rank(context.inputs[0], 2, "logits");
  const Shape labels = with_rank(context.inputs[1], 1, "labels");
  const bool asserts = context.planning() && context.attrs.get<bool>(kAsserts);
  require(!asserts || logits[0] == labels[0], ErrorKind::assertion_failed,
          "assertion failed: [Condition x == y did not hold element-wise:] labels of shape ",
          labels, " need as many rows of logits, whose shape is ", logits);
  logits[0] = merge_sizes(logits[0], labels[0], "rows of logits and labels", logits, labels);
  return {Shape{logits[0]}, logits};
}

Output times_rows(const Output& rows, const Output& matrix) {
  return expand_dims(rows, -1) * matrix;
}

// The gradient into the logits: that of the loss, and for second derivatives that of the gradient.
Output logits_gradient(const Operation& op, const Outputs& dy) {
  Output gradient;
  if (dy[0]) gradient = times_rows(dy[0], op.output(1));
  if (dy[1]) {
    const Output softmax = nn::softmax(op.input(0));
    const Output along = reduce_sum(dy[1] * softmax, {.axis = {1}, .keepdims = true});
    const Output second = (dy[1] - along) * softmax;
    gradient = gradient ? gradient + second : second;
  }
  return gradient;
}

Outputs dense_gradient(const Operation& op, const Outputs& dy) {
  const Output into_logits = logits_gradient(op, dy);
  Output into_labels;
  if (dy[0]) into_labels = times_rows(dy[0], negative(nn::log_softmax(op.input(0))));
  if (dy[1]) {  // the gradient by the logits is softmax - labels
    const Output second = negative(dy[1]);
    into_labels = into_labels ? into_labels + second : second;
  }
  return sum_to_operands(op, into_logits, into_labels);
}

Outputs sparse_gradient(const Operation& op, const Outputs& dy) {
  return {logits_gradient(op, dy), Output()};
}

// All dimensions but the last as one.
Output as_matrix(const Output& x) {
  const int rank = x.shape().rank();
  if (rank == 2) return x;
  const Input last = rank < 0 ? Input(shape(x)[-1]) : size_along(x, rank - 1);
  return reshape(x, integers_of({Input(int64_t{-1}), last}));
}

Output axis_to_end(const Output& x, int axis) {
  std::vector<int64_t> perm;
  for (int i = 0; i < x.shape().rank(); ++i) {
    if (i != axis) perm.push_back(i);
  }
  perm.push_back(axis);
  return transpose(x, {.perm = perm});
}

Output rows_back(const Output& cost, const Output& logits) {
  const int rank = logits.shape().rank();
  if (rank == 2) return cost;
  if (rank < 0) return reshape(cost, shape(logits)[Slice{.end = -1}]);
  std::vector<Input> sizes;
  for (int i = 0; i + 1 < rank; ++i) sizes.push_back(size_along(logits, i));
  return reshape(cost, integers_of(sizes));
}

void require_both(const std::optional<Input>& labels, const std::optional<Input>& logits) {
  require<ValueError>(labels && logits, ErrorKind::bad_argument,
                      "Both `labels` and `logits` must be provided");
}

// A literal beside a tensor takes its dtype.
std::pair<Output, Output> both_as_outputs(const Input& logits, const Input& labels) {
  const DType beside = !logits.is_output() && logits.is_weak() && labels.is_output()
                           ? labels.dtype()
                           : DType::invalid;
  const Output x = as_output(logits, "logits", beside);
  return {x, as_output(labels, "labels", labels.is_weak() ? x.dtype() : DType::invalid)};
}

}  // namespace

void register_nn_loss(OpRegistry& ops) {
  ops.add({.name = "SoftmaxCrossEntropyWithLogits",
           .inputs = {"features: T", "labels: T"},
           .outputs = {"loss: T", "backprop: T"},
           .types = {{"T", kFloats}},
           .shape = dense_shape,
           .gradient = dense_gradient});
  ops.add({.name = "SparseSoftmaxCrossEntropyWithLogits",
           .inputs = {"features: T", "labels: Tlabels"},
           .outputs = {"loss: T", "backprop: T"},
           .defaults = {{"Tlabels", int64}, {std::string(kAsserts), false}},
           .types = {{"T", kFloats}, {"Tlabels", kIndices}},
           .shape = sparse_shape,
           .gradient = sparse_gradient});
}

}  // namespace internal

using internal::add_output;
using internal::as_output;
using internal::CallerLine;
using internal::require;

namespace {

// Checked before anything is made of them. A single class is broadcast.
void require_equal_classes(const Shape& labels, const Shape& logits, int axis) {
  if (labels.rank() < 1 || axis != logits.rank() - 1) return;
  const int64_t a = logits.back(), b = labels.back();
  require<ValueError>(a == b || a <= 1 || b <= 1, ErrorKind::shape_incompatible,
                      "Dimensions must be equal, but are ", a, " and ", b,
                      ": the classes of logits of shape ", logits, " and of labels of shape ",
                      labels);
}

}  // namespace

Output nn::softmax_cross_entropy_with_logits(const CrossEntropyOptions& options, Location where) {
  const CallerLine line(where);
  internal::require_both(options.labels, options.logits);
  const internal::OpScope scope(options.name, "softmax_cross_entropy_with_logits",
                                {*options.logits, *options.labels});
  auto [logits, labels] = internal::both_as_outputs(*options.logits, *options.labels);
  const int rank = logits.shape().rank();
  require<ValueError>(rank != 0, ErrorKind::shape_incompatible, "`logits` cannot be a scalar");
  require<ValueError>(rank > 0 || options.axis == -1, ErrorKind::shape_incompatible,
                      "The rank of `logits` (", logits.name(), ") must be known for axis ",
                      options.axis);
  const int axis = rank < 0 ? -1 : internal::resolve_axis(options.axis, rank);
  if (rank > 0) require_equal_classes(labels.shape(), logits.shape(), axis);
  labels = cast(labels, logits.dtype());
  if (rank > 0 && axis != rank - 1) {
    logits = internal::axis_to_end(logits, axis);
    labels = internal::axis_to_end(labels, axis);
  }
  const bool plain = rank == 2;
  // As TensorFlow believes: labels of an unknown shape don't broadcast the logits.
  const bool as_logits = plain && (!labels.shape().has_rank() || labels.shape()[0] < 0);
  const Output cost = add_output(
      "SoftmaxCrossEntropyWithLogits", {internal::as_matrix(logits), internal::as_matrix(labels)},
      {.name = plain ? scope.name() : "",
       .shape = as_logits ? std::optional(Shape{logits.shape()[0]}) : std::nullopt});
  return internal::rows_back(cost, logits);
}

Output nn::sparse_softmax_cross_entropy_with_logits(const SparseCrossEntropyOptions& options,
                                                    Location where) {
  const CallerLine line(where);
  internal::require_both(options.labels, options.logits);
  const internal::OpScope scope(options.name, "SparseSoftmaxCrossEntropyWithLogits",
                                {*options.labels, *options.logits});
  const Output labels = as_output(*options.labels, "labels");
  const Output logits = as_output(*options.logits, "logits");
  const Shape shape = logits.shape(), wanted = labels.shape();
  require<ValueError>(shape.rank() != 0, ErrorKind::shape_incompatible,
                      "`logits` cannot be a scalar");
  require<ValueError>(!shape.has_rank() || !wanted.has_rank() || shape.rank() == wanted.rank() + 1,
                      ErrorKind::shape_incompatible,
                      "`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: labels of "
                      "shape ",
                      wanted, " and logits of shape ", shape);
  const int rank = shape.has_rank() ? shape.rank() : wanted.rank() + 1;
  require<ValueError>(rank > 0, ErrorKind::shape_incompatible, "The rank of `logits` (",
                      logits.name(), ") must be known");
  if (shape.has_rank()) {
    require<ValueError>(internal::subshape(shape, 0, rank - 1).compatible_with(wanted),
                        ErrorKind::shape_incompatible,
                        "`labels.shape` must equal `logits.shape` except for the last dimension. "
                        "Received: labels of shape ",
                        wanted, " and logits of shape ", shape);
  }
  if (rank == 2) {
    return add_output(
        "SparseSoftmaxCrossEntropyWithLogits", {logits, labels},
        {.name = scope.name(), .attrs = {{std::string(internal::kAsserts), !shape.has_rank()}}});
  }
  const Output flat = reshape(labels, {-1});
  const Output cost =
      add_output("SparseSoftmaxCrossEntropyWithLogits", {internal::as_matrix(logits), flat});
  return internal::rows_back(cost, logits);
}

// max(x, 0) - x * z + log(1 + exp(-|x|)), which overflows for no x.
Output nn::sigmoid_cross_entropy_with_logits(const SparseCrossEntropyOptions& options,
                                             Location where) {
  const CallerLine line(where);
  internal::require_both(options.labels, options.logits);
  const internal::OpScope scope(options.name, "logistic_loss", {*options.logits, *options.labels});
  const auto [x, z] = internal::both_as_outputs(*options.logits, *options.labels);
  require<ValueError>(x.shape().compatible_with(z.shape()), ErrorKind::shape_incompatible,
                      "`logits` and `labels` must have the same shape, received (", x.shape(),
                      " vs ", z.shape(), ")");
  const Output zeros = zeros_like(x), above = greater_equal(x, zeros);
  const Output relu_logits = add_output("SelectV2", {above, x, zeros});
  const Output neg_abs = add_output("SelectV2", {above, -x, x});
  return add(relu_logits - x * z, log1p(exp(neg_abs)), {.name = scope.name()});
}

}  // namespace tenon
