// Steps of losses and metrics.
#include "tests/golden/program.h"

namespace replay {

namespace {

namespace losses = tenon::losses;
namespace metrics = tenon::metrics;
using metrics::Metric;
using tenon::Input;
using tenon::Output;

losses::Reduction reduction_of(const std::string& name) {
  static const std::map<std::string, losses::Reduction> kReductions = {
      {"none", losses::Reduction::NONE},
      {"weighted_sum", losses::Reduction::SUM},
      {"weighted_mean", losses::Reduction::MEAN},
      {"weighted_sum_over_batch_size", losses::Reduction::SUM_OVER_BATCH_SIZE},
      {"weighted_sum_by_nonzero_weights", losses::Reduction::SUM_BY_NONZERO_WEIGHTS},
  };
  const auto found = kReductions.find(name);
  return found == kReductions.end() ? static_cast<losses::Reduction>(-1) : found->second;
}

// What all losses take, and what some do.
template <typename Options>
Options loss_options(Program& program, const Json& step) {
  Options options;
  if (step.contains("weights")) options.weights = program.input(step["weights"]);
  options.scope = text(step, "scope");
  if (step.contains("loss_collection")) options.loss_collection = text(step, "loss_collection");
  if constexpr (requires { options.reduction; }) {
    if (step.contains("reduction")) options.reduction = reduction_of(text(step, "reduction"));
  }
  if constexpr (requires { options.delta; }) options.delta = step.value("delta", options.delta);
  if constexpr (requires { options.epsilon; }) {
    options.epsilon = step.value("epsilon", options.epsilon);
  }
  if constexpr (requires { options.label_smoothing; }) {
    options.label_smoothing = step.value("label_smoothing", options.label_smoothing);
  }
  return options;
}

using Inputs = std::vector<Input>;
using Loss = Output (*)(Program&, const Json&, const Inputs&);

template <typename Options, Output (*function)(Input, Input, const Options&)>
Output loss_of(Program& program, const Json& step, const Inputs& in) {
  return function(item_at(in, 0), item_at(in, 1), loss_options<Options>(program, step));
}

Output cosine_distance(Program& program, const Json& step, const Inputs& in) {
  return losses::cosine_distance(item_at(in, 0), item_at(in, 1), integer_from(step.at("axis")),
                                 loss_options<losses::LossOptions>(program, step));
}

Output compute_weighted_loss(Program& program, const Json& step, const Inputs& in) {
  return losses::compute_weighted_loss(item_at(in, 0),
                                       loss_options<losses::LossOptions>(program, step));
}

const std::map<std::string, Loss> kLosses = {
    {"absolute_difference", loss_of<losses::LossOptions, losses::absolute_difference>},
    {"mean_squared_error", loss_of<losses::LossOptions, losses::mean_squared_error>},
    {"hinge_loss", loss_of<losses::LossOptions, losses::hinge_loss>},
    {"sparse_softmax_cross_entropy",
     loss_of<losses::LossOptions, losses::sparse_softmax_cross_entropy>},
    {"huber_loss", loss_of<losses::HuberLossOptions, losses::huber_loss>},
    {"log_loss", loss_of<losses::LogLossOptions, losses::log_loss>},
    {"mean_pairwise_squared_error",
     loss_of<losses::PairwiseErrorOptions, losses::mean_pairwise_squared_error>},
    {"sigmoid_cross_entropy", loss_of<losses::CrossEntropyOptions, losses::sigmoid_cross_entropy>},
    {"softmax_cross_entropy", loss_of<losses::CrossEntropyOptions, losses::softmax_cross_entropy>},
    {"cosine_distance", cosine_distance},
    {"compute_weighted_loss", compute_weighted_loss},
};

Result loss(Program& program, const Json& step) {
  const Inputs in = program.inputs(step.at("in"));
  return described(chosen(kLosses, text(step, "loss"))(program, step, in));
}

template <typename Options>
Options metric_options(Program& program, const Json& step) {
  Options options;
  if (!field(step, "weights").is_null()) options.weights = program.input(step["weights"]);
  options.name = text(step, "name");
  if (!field(step, "metrics_collections").is_null()) {
    options.metrics_collections = step["metrics_collections"].get<std::vector<std::string>>();
  }
  if constexpr (requires { options.num_thresholds; }) {
    options.num_thresholds = integer_or(step, "num_thresholds", options.num_thresholds);
  }
  if constexpr (requires { options.curve; }) {
    options.curve = text(step, "curve", options.curve);
    options.summation_method = text(step, "summation_method", options.summation_method);
  }
  return options;
}

using MetricFunction = Metric (*)(Program&, const Json&);

template <Metric (*function)(Input, const metrics::MetricOptions&)>
Metric of_values(Program& program, const Json& step) {
  return function(program.input(step.at("in").at(0)),
                  metric_options<metrics::MetricOptions>(program, step));
}

template <typename Options, Metric (*function)(Input, Input, const Options&)>
Metric of_pairs(Program& program, const Json& step) {
  const Inputs in = program.inputs(step.at("in"));
  return function(item_at(in, 0), item_at(in, 1), metric_options<Options>(program, step));
}

template <Metric (*function)(Input, Input, const metrics::Thresholds&,
                             const metrics::MetricOptions&)>
Metric at_thresholds(Program& program, const Json& step) {
  const Inputs in = program.inputs(step.at("in"));
  return function(item_at(in, 0), item_at(in, 1), step.at("thresholds").get<std::vector<double>>(),
                  metric_options<metrics::MetricOptions>(program, step));
}

template <typename Number>
Number number_as(const Json& value) {
  if constexpr (std::is_integral_v<Number>) {
    return integer_from(value);
  } else {
    return value.get<Number>();
  }
}

// Those whose third argument is a number: one of the inputs, or a field of the step.
template <typename Number, typename Options,
          Metric (*function)(Input, Input, Number, const Options&)>
Metric with_number(Program& program, const Json& step) {
  static const char* const kFields[] = {"k", "dim"};
  const Json& in = step.at("in");
  Json number = in.size() > 2 ? in.at(2) : Json();
  for (const char* name : kFields) {
    if (step.contains(name)) number = step[name];
  }
  return function(program.input(in.at(0)), program.input(in.at(1)), number_as<Number>(number),
                  metric_options<Options>(program, step));
}

Metric mean_relative_error(Program& program, const Json& step) {
  const Inputs in = program.inputs(step.at("in"));
  return metrics::mean_relative_error(item_at(in, 0), item_at(in, 1), item_at(in, 2),
                                      metric_options<metrics::MetricOptions>(program, step));
}

template <Metric (*function)(Input, Input, const metrics::MetricOptions&)>
constexpr MetricFunction kPairs = of_pairs<metrics::MetricOptions, function>;

const std::map<std::string, MetricFunction>& metric_functions() {
  using metrics::AtKOptions;
  using metrics::AtThresholdsOptions;
  using metrics::MetricOptions;
  static const std::map<std::string, MetricFunction> functions = {
      {"mean", of_values<metrics::mean>},
      {"mean_tensor", of_values<metrics::mean_tensor>},
      {"percentage_below", kPairs<metrics::percentage_below>},
      {"accuracy", kPairs<metrics::accuracy>},
      {"mean_absolute_error", kPairs<metrics::mean_absolute_error>},
      {"mean_squared_error", kPairs<metrics::mean_squared_error>},
      {"root_mean_squared_error", kPairs<metrics::root_mean_squared_error>},
      {"mean_relative_error", mean_relative_error},
      {"mean_cosine_distance", with_number<int64_t, MetricOptions, metrics::mean_cosine_distance>},
      {"mean_iou", with_number<int64_t, MetricOptions, metrics::mean_iou>},
      {"mean_per_class_accuracy",
       with_number<int64_t, MetricOptions, metrics::mean_per_class_accuracy>},
      {"true_positives", kPairs<metrics::true_positives>},
      {"false_positives", kPairs<metrics::false_positives>},
      {"true_negatives", kPairs<metrics::true_negatives>},
      {"false_negatives", kPairs<metrics::false_negatives>},
      {"precision", kPairs<metrics::precision>},
      {"recall", kPairs<metrics::recall>},
      {"true_positives_at_thresholds", at_thresholds<metrics::true_positives_at_thresholds>},
      {"false_positives_at_thresholds", at_thresholds<metrics::false_positives_at_thresholds>},
      {"true_negatives_at_thresholds", at_thresholds<metrics::true_negatives_at_thresholds>},
      {"false_negatives_at_thresholds", at_thresholds<metrics::false_negatives_at_thresholds>},
      {"precision_at_thresholds", at_thresholds<metrics::precision_at_thresholds>},
      {"recall_at_thresholds", at_thresholds<metrics::recall_at_thresholds>},
      {"auc", of_pairs<metrics::AucOptions, metrics::auc>},
      {"sensitivity_at_specificity",
       with_number<double, AtThresholdsOptions, metrics::sensitivity_at_specificity>},
      {"specificity_at_sensitivity",
       with_number<double, AtThresholdsOptions, metrics::specificity_at_sensitivity>},
      {"recall_at_k", with_number<int64_t, AtKOptions, metrics::recall_at_k>},
      {"precision_at_k", with_number<int64_t, AtKOptions, metrics::precision_at_k>},
  };
  return functions;
}

Result metric(Program& program, const Json& step) {
  const Metric made = chosen(metric_functions(), text(step, "metric"))(program, step);
  return described(list_of(std::vector<Output>{made.value, made.update_op}));
}

Result collection_size(Program&, const Json& step) {
  const std::string key = text(step, "key"), scope = text(step, "scope");
  const tenon::Collection items = scope.empty() ? tenon::get_collection<std::any>(key)
                                                : tenon::get_collection<std::any>(key, scope);
  return {None{}, {{"value", items.size()}}};
}

}  // namespace

const StepTable& loss_steps() {
  static const StepTable steps = {
      {"loss", loss},
      {"metric", metric},
      {"collection_size", collection_size},
  };
  return steps;
}

}  // namespace replay
