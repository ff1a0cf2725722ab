// Metrics of predictions between 0 and 1, counted with several thresholds at once.
#include <algorithm>
#include <string>
#include <vector>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/layers/label_shapes.h"
#include "core/layers/metric_variables.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/metrics.h"

namespace tenon::metrics {
namespace {

using internal::require;

constexpr double kBeyond = 1e-7;  // how far the outer thresholds lie outside of 0 and 1

// What was counted so far, and with the values of this run: an element for each threshold.
struct Counted {
  Output value, update;
};

// Counts in variables, one for each kind that is asked for.
class Counter {
 public:
  Counter(const Input& given_labels, const Input& given_predictions, const Thresholds& thresholds,
          const std::optional<Input>& given_weights)
      : count_(static_cast<int64_t>(thresholds.size())) {
    const internal::Measured measured(cast(given_predictions, float32), cast(given_labels, bool_),
                                      given_weights);
    const std::vector<float> limits(thresholds.begin(), thresholds.end());
    const Output column = constant(Tensor::from<float>(limits, {count_, 1}));
    labels_ = reshape(measured.labels, {1, -1});
    positive_ = greater(reshape(measured.predictions, {1, -1}), column);
    if (measured.weights) {
      const Output weights =
          internal::broadcast_weights(cast(measured.weights, float32), measured.predictions);
      weights_ = reshape(weights, {1, -1});
    }
  }

  Counted true_positives() const { return counted(labels_ & positive_, "true_positives"); }
  Counted false_negatives() const { return counted(labels_ & ~positive_, "false_negatives"); }
  Counted true_negatives() const { return counted(~labels_ & ~positive_, "true_negatives"); }
  Counted false_positives() const { return counted(~labels_ & positive_, "false_positives"); }

 private:
  Counted counted(const Output& condition, const char* name) const {
    const Variable variable = internal::metric_variable({count_}, float32, name);
    Output values = cast(condition, float32);
    if (weights_) values = values * weights_;
    const Output update = variable.assign_add(reduce_sum(values, 1));
    auto unconditioned = control_dependencies(nullptr);
    return {variable.value(), update};
  }

  int64_t count_;
  Output labels_, positive_, weights_;
};

// All four, in TensorFlow's order of making.
struct Counts {
  explicit Counts(const Counter& counter)
      : tp(counter.true_positives()),
        fn(counter.false_negatives()),
        tn(counter.true_negatives()),
        fp(counter.false_positives()) {}
  Counted tp, fn, tn, fp;
};
struct Numbers {
  Output tp, fn, tn, fp;
};

// What `compute` makes of the counts so far and of those with this run's values.
template <typename Compute>
Metric computed(const Counts& counts, const Compute& compute) {
  Metric metric;
  {
    auto unconditioned = control_dependencies(nullptr);
    metric.value = compute(
        Numbers{counts.tp.value, counts.fn.value, counts.tn.value, counts.fp.value}, "value");
  }
  metric.update_op = compute(
      Numbers{counts.tp.update, counts.fn.update, counts.tn.update, counts.fp.update}, "update_op");
  return metric;
}

// `count` thresholds from just below 0 to `last`.
Thresholds spread(int64_t count, double last) {
  Thresholds thresholds = {-kBeyond};
  for (int64_t i = 1; i + 1 < count; ++i) {
    thresholds.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  }
  thresholds.push_back(last);
  return thresholds;
}

// Each element but the last, and each but the first.
Output before_last(const Output& vector) { return vector[{Slice{.end = -1}}]; }
Output behind_first(const Output& vector) { return vector[{Slice{.begin = 1}}]; }

// The area under a PR curve between counts, not between their quotients (Davis and Goadrich, 2006).
Output interpolated_area(const Numbers& n, const char* name) {
  const Output step = before_last(n.tp) - behind_first(n.tp);
  const Output positive = n.tp + n.fp;
  const Output from = before_last(positive), to = behind_first(positive);
  const Output slope = div_no_nan(step, maximum(from - to, 0.0));
  const Output intercept = behind_first(n.tp) - slope * to;
  const Output both = greater(from, 0.0) & greater(to, 0.0);
  const Output ratio = where(both, div_no_nan(from, maximum(to, 0.0)), ones_like(to));
  const Output all = maximum(behind_first(n.tp) + behind_first(n.fn), 0.0);
  return reduce_sum(div_no_nan(slope * (step + intercept * log(ratio)), all), {.name = name});
}

// What the curve's height is taken for between two thresholds.
Output height(const std::string& method, const Output& left, const Output& right) {
  if (method == "minoring") return minimum(left, right);
  if (method == "majoring") return maximum(left, right);
  return (left + right) / 2.0;
}

Output area(const Numbers& n, const AucOptions& options, const char* name) {
  constexpr double kSmall = 1e-6;
  const bool of_precision = options.curve == "PR";
  if (of_precision && options.summation_method == "careful_interpolation") {
    return interpolated_area(n, name);
  }
  const Output recall = (n.tp + kSmall) / (n.tp + n.fn + kSmall);
  const Output x = of_precision ? recall : n.fp / (n.fp + n.tn + kSmall);
  const Output y = of_precision ? (n.tp + kSmall) / (n.tp + n.fp + kSmall) : recall;
  return reduce_sum((before_last(x) - behind_first(x)) *
                        height(options.summation_method, before_last(y), behind_first(y)),
                    {.name = name});
}

Metric one_count(Counted (Counter::*which)() const, const Input& labels, const Input& predictions,
                 const Thresholds& thresholds, const MetricOptions& options,
                 const char* default_name) {
  auto scope = internal::metric_scope(options.name, default_name);
  const Counted counted = (Counter(labels, predictions, thresholds, options.weights).*which)();
  return internal::in_collections(Metric{counted.value, counted.update}, options);
}

// true positives / (true positives + `others`)
Metric share(Counted (Counter::*others)() const, const Input& labels, const Input& predictions,
             const Thresholds& thresholds, const MetricOptions& options, const char* default_name) {
  auto scope = internal::metric_scope(options.name, default_name);
  const Counter counter(labels, predictions, thresholds, options.weights);
  const Counted right = counter.true_positives(), wrong = (counter.*others)();
  const auto quotient = [](const Output& some, const Output& rest) {
    return some / (kBeyond + some + rest);
  };
  Output value;
  {
    auto unconditioned = control_dependencies(nullptr);
    value = quotient(right.value, wrong.value);
  }
  return internal::in_collections(Metric{value, quotient(right.update, wrong.update)}, options);
}

void require_share(double value, const char* name) {
  require<ValueError>(value >= 0 && value <= 1, ErrorKind::bad_argument, name,
                      " must be in the range [0, 1]. Currently, it is ", value, ".");
}

}  // namespace

Metric true_positives_at_thresholds(Input labels, Input predictions, const Thresholds& thresholds,
                                    const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  return one_count(&Counter::true_positives, labels, predictions, thresholds, options,
                   "true_positives");
}

Metric false_positives_at_thresholds(Input labels, Input predictions, const Thresholds& thresholds,
                                     const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  return one_count(&Counter::false_positives, labels, predictions, thresholds, options,
                   "false_positives");
}

Metric true_negatives_at_thresholds(Input labels, Input predictions, const Thresholds& thresholds,
                                    const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  return one_count(&Counter::true_negatives, labels, predictions, thresholds, options,
                   "true_negatives");
}

Metric false_negatives_at_thresholds(Input labels, Input predictions, const Thresholds& thresholds,
                                     const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  return one_count(&Counter::false_negatives, labels, predictions, thresholds, options,
                   "false_negatives");
}

Metric precision_at_thresholds(Input labels, Input predictions, const Thresholds& thresholds,
                               const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  return share(&Counter::false_positives, labels, predictions, thresholds, options,
               "precision_at_thresholds");
}

Metric recall_at_thresholds(Input labels, Input predictions, const Thresholds& thresholds,
                            const MetricOptions& options) {
  const internal::CallerLine line(labels.where());
  return share(&Counter::false_negatives, labels, predictions, thresholds, options,
               "recall_at_thresholds");
}

Metric auc(Input labels, Input predictions, const AucOptions& options) {
  const internal::CallerLine line(labels.where());
  const std::vector<std::string> methods = {"trapezoidal", "careful_interpolation", "minoring",
                                            "majoring"};
  require<ValueError>(options.curve == "ROC" || options.curve == "PR", ErrorKind::bad_argument,
                      "Curve must be either ROC or PR. Curve ", options.curve, " is unknown.");
  require<ValueError>(
      std::find(methods.begin(), methods.end(), options.summation_method) != methods.end(),
      ErrorKind::bad_argument, "Invalid summation_method: ", options.summation_method,
      ". It should be 'trapezoidal', 'careful_interpolation', 'minoring' or 'majoring'.");
  auto scope = internal::metric_scope(options.name, "auc");
  Thresholds thresholds = spread(options.num_thresholds, 1 + kBeyond);
  if (options.thresholds) {
    thresholds = *options.thresholds;
    std::sort(thresholds.begin(), thresholds.end());
    thresholds.insert(thresholds.begin(), -kBeyond);
    thresholds.push_back(1 + kBeyond);
  }
  const Counts counts(Counter(labels, predictions, thresholds, options.weights));
  return internal::in_collections(
      computed(counts, [&](const Numbers& n, const char* name) { return area(n, options, name); }),
      options);
}

Metric sensitivity_at_specificity(Input labels, Input predictions, double specificity,
                                  const AtThresholdsOptions& options) {
  const internal::CallerLine line(labels.where());
  require_share(specificity, "specificity");
  auto scope = internal::metric_scope(options.name, "sensitivity_at_specificity");
  const Counts counts(
      Counter(labels, predictions, spread(options.num_thresholds, 1 + kBeyond), options.weights));
  const auto compute = [&](const Numbers& n, const char* name) {
    const Output found = n.tn / (n.tn + n.fp + kBeyond);
    const Output place = argmin(abs(found - specificity), {.output_type = int32});
    const Output tp = gather(n.tp, place), fn = gather(n.fn, place);
    return divide(tp, tp + fn + kBeyond, {.name = name});
  };
  return internal::in_collections(computed(counts, compute), options);
}

Metric specificity_at_sensitivity(Input labels, Input predictions, double sensitivity,
                                  const AtThresholdsOptions& options) {
  const internal::CallerLine line(labels.where());
  require_share(sensitivity, "sensitivity");
  auto scope = internal::metric_scope(options.name, "specificity_at_sensitivity");
  // TensorFlow's last threshold lies below 1 here.
  const Counts counts(
      Counter(labels, predictions, spread(options.num_thresholds, 1 - kBeyond), options.weights));
  const auto compute = [&](const Numbers& n, const char* name) {
    const Output distance = abs(n.tp / (n.tp + n.fn + kBeyond) - sensitivity);
    const Output nearest = cast(equal(distance, reduce_min(distance)), float32);
    const Output place = argmax(cumsum(nearest), {.output_type = int32});  // the last of equals
    const Output tn = gather(n.tn, place), fp = gather(n.fp, place);
    return divide(tn, tn + fp + kBeyond, {.name = name});
  };
  return internal::in_collections(computed(counts, compute), options);
}

}  // namespace tenon::metrics
