// NonMaxSuppressionV5: boxes that share much with better ones are left out, or have their scores
// lowered by how much they share.
#include <cmath>
#include <cstdint>
#include <queue>
#include <vector>

#include "core/base/check.h"
#include "core/graph/host_call.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/kernels/boxes.h"
#include "core/ops/host_op.h"

namespace tenon::internal {
namespace {

Shapes soft_suppression_shape(const ShapeContext& context) {
  const Shape boxes = with_rank(context.inputs[0], 2, "boxes");
  const Shape scores = with_rank(context.inputs[1], 1, "scores");
  merge_sizes(boxes[0], scores[0], "boxes and scores", boxes, scores);
  require<ValueError>(boxes[1] < 0 || boxes[1] == 4, ErrorKind::shape_incompatible,
                      "boxes must have 4 columns, but have shape ", boxes);
  for (size_t i = 2; i < context.inputs.size(); ++i) with_rank(context.inputs[i], 0, "a threshold");
  return {Shape{kUnknown}, Shape{kUnknown}, Shape()};
}

struct Candidate {
  int32_t box;
  float score;
  size_t seen = 0;  // so many of those that were chosen have lowered its score

  // Which comes later.
  bool operator<(const Candidate& other) const {
    return score < other.score || (score == other.score && box > other.box);
  }
};

struct SoftSuppression {
  const float* boxes;
  size_t most;
  float overlap, least, sigma;
  std::vector<int32_t> chosen = {};
  std::vector<float> scores = {};

  void choose_from(std::priority_queue<Candidate>& candidates) {
    while (chosen.size() < most && !candidates.empty()) {
      Candidate next = candidates.top();
      candidates.pop();
      const float before = next.score;
      if (!lower(next)) continue;
      if (next.score == before) {
        chosen.push_back(next.box);
        scores.push_back(next.score);
      } else if (next.score > least) {
        candidates.push(next);
      }
    }
  }

  // By those chosen since; false where it is left out.
  bool lower(Candidate& candidate) const {
    for (size_t i = chosen.size(); i > candidate.seen; --i) {
      const float shared =
          shared_part(boxes + int64_t{4} * candidate.box, boxes + int64_t{4} * chosen[i - 1]);
      if (sigma <= 0 && shared > overlap) return false;
      if (sigma > 0) candidate.score *= std::exp(-0.5F / sigma * shared * shared);
      if (candidate.score <= least) break;
    }
    candidate.seen = chosen.size();
    return true;
  }
};

float float_in(const HostCall& call, size_t number) {
  const Tensor value = call.input(number);
  require(value.element_count() == 1, ErrorKind::shape_incompatible, "Input ", number,
          " must be a single number, but has shape ", value.shape());
  return value.to_vector<float>()[0];
}

std::vector<Tensor> suppress(HostCall& call) {
  const Tensor boxes = call.input(0), scores = call.input(1);
  const Shape& shape = boxes.shape();
  require(shape.rank() == 2 && shape[1] == 4 && scores.shape() == Shape{shape[0]},
          ErrorKind::shape_incompatible, "There are boxes of shape ", shape,
          " and scores of shape ", scores.shape());
  const int64_t most = call.integer(2);
  require(most >= 0, ErrorKind::bad_argument, "output size must be non-negative, not ", most);
  SoftSuppression choice{static_cast<const float*>(boxes.raw()), static_cast<size_t>(most),
                         float_in(call, 3), float_in(call, 4), float_in(call, 5)};
  std::priority_queue<Candidate> candidates;
  const auto* score = static_cast<const float*>(scores.raw());
  for (int32_t i = 0; i < shape[0]; ++i) {
    if (score[i] > choice.least) candidates.push({i, score[i]});
  }
  choice.choose_from(candidates);
  const auto valid = static_cast<int32_t>(choice.chosen.size());
  if (call.attr<bool>("pad_to_max_output_size")) {
    choice.chosen.resize(choice.most);
    choice.scores.resize(choice.most);
  }
  const Shape count = {static_cast<int64_t>(choice.chosen.size())};
  return {Tensor::from<int32_t>(choice.chosen, count), Tensor::from<float>(choice.scores, count),
          Tensor(valid)};
}

}  // namespace

void register_image_suppression(OpRegistry& ops) {
  ops.add(
      host_op({.name = "NonMaxSuppressionV5",
               .inputs = {"boxes: T", "scores: T", "max_output_size: int32", "iou_threshold: T",
                          "score_threshold: T", "soft_nms_sigma: T"},
               .outputs = {"selected_indices: int32", "selected_scores: T", "valid_outputs: int32"},
               .defaults = {{"pad_to_max_output_size", false}},
               .types = {{"T", {float32}}},
               .shape = soft_suppression_shape,
               .host = suppress}));
}

}  // namespace tenon::internal
