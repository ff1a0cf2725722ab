// Operations that normalize, and the statistics that they do it by.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

namespace nn = tenon::nn;
using tenon::Output;

Thing pair_of(const nn::Moments& found) {
  return list_of(std::vector<Output>{found.mean, found.variance});
}

Thing l2_normalize(const OpCall& call) {
  nn::L2NormalizeOptions options;
  options.axis = call.axes("axis");
  if (call.has("epsilon")) options.epsilon = number(call.attribute("epsilon"));
  options.name = call.name();
  return nn::l2_normalize(call.input(0), options);
}

Thing weighted_moments(const OpCall& call) {
  return pair_of(nn::weighted_moments(call.input(0), call.axes("axes"), call.input(1),
                                      {.keepdims = call.flag("keepdims"), .name = call.name()}));
}

Thing sufficient_statistics(const OpCall& call) {
  const nn::SufficientStatistics found = nn::sufficient_statistics(
      call.input(0), call.axes("axes"), {.keepdims = call.flag("keep_dims"), .name = call.name()});
  auto list = list_of(std::vector<Output>{found.count, found.sum, found.sum_of_squares});
  list->items.emplace_back(None{});
  return list;
}

Thing normalize_moments(const OpCall& call) {
  return pair_of(
      nn::normalize_moments(call.input(0), call.input(1), call.input(2), {}, call.options()));
}

Thing global_normalization(const OpCall& call) {
  nn::GlobalNormalizationOptions options;
  options.variance_epsilon = call.as_input("variance_epsilon");
  options.scale_after_normalization = call.flag("scale_after_normalization");
  options.name = call.name();
  return nn::batch_norm_with_global_normalization(call.input(0), call.input(1), call.input(2),
                                                  call.input(3), call.input(4), options);
}

Thing fused_batch_norm(const OpCall& call) {
  nn::FusedBatchNormOptions options;
  if (call.has("is_training")) options.is_training = call.flag("is_training");
  if (call.count() > 3) {
    options.mean = call.input(3);
    options.variance = call.input(4);
  }
  if (call.has("epsilon")) options.epsilon = number(call.attribute("epsilon"));
  options.name = call.name();
  const nn::FusedBatchNorm found =
      nn::fused_batch_norm(call.input(0), call.input(1), call.input(2), options);
  return list_of(std::vector<Output>{found.y, found.mean, found.variance});
}

Thing xw_plus_b(const OpCall& call) {
  return nn::xw_plus_b(call.input(0), call.input(1), call.input(2), call.options());
}

}  // namespace

const OpTable& statistic_ops() {
  static const OpTable ops = {
      {"l2_normalize", l2_normalize},
      {"weighted_moments", weighted_moments},
      {"sufficient_statistics", sufficient_statistics},
      {"normalize_moments", normalize_moments},
      {"batch_norm_with_global_normalization", global_normalization},
      {"fused_batch_norm", fused_batch_norm},
      {"xw_plus_b", xw_plus_b},
  };
  return ops;
}

}  // namespace replay
