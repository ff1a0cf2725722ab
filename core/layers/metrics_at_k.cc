// Metrics of the k classes with the largest predictions, as sets beside the sets of labels.
#include <optional>
#include <string>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/layers/label_shapes.h"
#include "core/layers/metric_variables.h"
#include "core/ops/op_scope.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/metrics.h"
#include "tenon/nn.h"

namespace tenon::metrics {
namespace {

using internal::OpScope;
using internal::require;
using internal::str;

std::string at_k_name(const char* name, int64_t k, const std::optional<int64_t>& class_id) {
  const std::string at_k = str(name, "_at_", k);
  return class_id ? str(at_k, "_class", *class_id) : at_k;
}

// Labels and the classes that were predicted: [..., labels] and [..., k], both int64.
struct Sets {
  Sets(const Input& given_labels, const Input& given_predictions, int64_t k)
      : labels(cast(given_labels, int64)),
        predicted(cast(nn::top_k(given_predictions, {.k = k}).indices, int64)) {
    const Shape of_labels = labels.shape(), of_predicted = predicted.shape();
    if (!of_labels.has_rank() || !of_predicted.has_rank()) return;
    require<ValueError>(
        of_predicted.rank() == of_labels.rank() || of_predicted.rank() == of_labels.rank() + 1,
        ErrorKind::shape_incompatible, "Unexpected labels shape ", of_labels,
        " for predictions shape ", of_predicted,
        ". Predictions rank should be the same rank as labels rank or labels rank plus one.");
    if (of_predicted.rank() == of_labels.rank() + 1) labels = expand_dims(labels, -1);
  }

  // [..., k, labels]: where a predicted class is a label.
  Output matches() const { return equal(expand_dims(predicted, -1), expand_dims(labels, -2)); }
  // Which labels don't stand before in their row, too: a set has each once.
  Output first_labels() const {
    const Shape shape = labels.shape();
    require<ValueError>(shape.has_rank() && shape.back() >= 0, ErrorKind::bad_argument,
                        "The number of labels must be known: ", labels.name(), " has shape ", shape,
                        ".");
    const Output same = cast(equal(expand_dims(labels, -1), expand_dims(labels, -2)), float32);
    const Output equals_up_to_itself = cumsum(same, {.axis = shape.rank()});
    return equal(matrix_diag_part(equals_up_to_itself), 1.0);
  }
  Output labels, predicted;
};

// How many of each row: of the class alone where one is given.
Output count(const Output& condition, const Output& classes,
             const std::optional<int64_t>& class_id) {
  const Output counted = class_id ? condition & equal(classes, *class_id) : condition;
  return reduce_sum(cast(counted, float64), -1);
}

// The sum over rows in a variable of that name, and the sum with this run's rows.
Metric summed(Output rows, const std::optional<Input>& given_weights, const std::string& name) {
  const OpScope scope({}, name.c_str(), {rows});
  if (given_weights) {
    const Output weights = cast(*given_weights, float64);
    rows = rows * internal::fitted_weights(weights, rows);
  }
  const Output sum = reduce_sum(rows);
  const Variable variable = internal::metric_variable({}, float64, scope.name());
  const Output update = variable.assign_add(sum, {.name = "update"});
  auto unconditioned = control_dependencies(nullptr);
  return {variable.value(), update};
}

Metric quotient(const Metric& right, const Metric& wrong, const AtKOptions& options,
                const std::string& name) {
  Metric metric;
  {
    auto unconditioned = control_dependencies(nullptr);
    metric.value = divide(right.value, right.value + wrong.value, {.name = name});
  }
  metric.update_op = divide(right.update_op, right.update_op + wrong.update_op, {.name = "update"});
  return internal::in_collections(metric, options);
}

}  // namespace

Metric recall_at_k(Input labels, Input predictions, int64_t k, const AtKOptions& options) {
  const OpScope scope(options.name, at_k_name("recall", k, options.class_id).c_str(),
                      {predictions, labels});
  const Sets sets(labels, predictions, k);
  const Output matches = sets.matches();
  const Output right = count(reduce_any(matches, -1), sets.predicted, options.class_id);
  const Output missed =
      count(sets.first_labels() & ~reduce_any(matches, -2), sets.labels, options.class_id);
  const Metric rights =
      summed(right, options.weights, at_k_name("true_positive", k, options.class_id));
  const Metric misses =
      summed(missed, options.weights, at_k_name("false_negative", k, options.class_id));
  return quotient(rights, misses, options, scope.name());
}

Metric precision_at_k(Input labels, Input predictions, int64_t k, const AtKOptions& options) {
  const OpScope scope(options.name, at_k_name("precision", k, options.class_id).c_str(),
                      {predictions, labels});
  const Sets sets(labels, predictions, k);
  const Output is_label = reduce_any(sets.matches(), -1);
  const Output right = count(is_label, sets.predicted, options.class_id);
  const Output wrong = count(~is_label, sets.predicted, options.class_id);
  const Metric rights =
      summed(right, options.weights, at_k_name("true_positive", k, options.class_id));
  const Metric wrongs =
      summed(wrong, options.weights, at_k_name("false_positive", k, options.class_id));
  return quotient(rights, wrongs, options, scope.name());
}

}  // namespace tenon::metrics
