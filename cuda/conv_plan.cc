#include "cuda/conv_plan.h"

#include <algorithm>

namespace tenon::cuda {
namespace {

// An engine with settings, as the heuristics name it.
struct Candidate {
  CudnnDescriptor config;
  int64_t engine = 0;
  size_t workspace_bytes = 0;
};

bool is_allowed(cudnnBackendNumericalNote_t note, bool allow_tf32) {
  switch (note) {
    case CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4:  // halves of sums: nearly as exact as products
      return true;
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
      return allow_tf32;
    default:
      // Sums in an order of chance or of fewer bits, factors of less range; larger tiles and
      // Fourier transforms, by which a large number blurs all around it.
      return false;
  }
}

// Whether the engine does nothing to numbers that it mustn't, and is there at once: compiling one
// takes hundreds of milliseconds.
bool keeps(const PlanRules& rules, const CudnnDescriptor& engine) {
  const auto numerical = engine.get<cudnnBackendNumericalNote_t>(CUDNN_ATTR_ENGINE_NUMERICAL_NOTE);
  const auto behavior = engine.get<cudnnBackendBehaviorNote_t>(CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE);
  return std::all_of(numerical.begin(), numerical.end(),
                     [&](auto note) { return is_allowed(note, rules.allow_tf32); }) &&
         std::count(behavior.begin(), behavior.end(), CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION) == 0;
}

size_t number(const CudnnDescriptor& descriptor, cudnnBackendAttributeName_t name) {
  const std::vector<int64_t> values = descriptor.get<int64_t>(name);
  return values.empty() ? 0 : static_cast<size_t>(values.front());
}

// The candidates of one mode that keep the rules.
std::vector<Candidate> candidates(const CudnnDescriptor& graph, const CudnnDescriptor& properties,
                                  cudnnBackendHeurMode_t mode, const PlanRules& rules) {
  CudnnDescriptor heuristics(CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_MODE, mode);
  heuristics.set(CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, properties);
  std::vector<Candidate> kept;
  if (!heuristics.finalize()) return kept;
  for (CudnnDescriptor& config :
       heuristics.get(CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR)) {
    const std::vector<CudnnDescriptor> engines =
        config.get(CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    if (engines.empty()) continue;
    const size_t workspace = number(config, CUDNN_ATTR_ENGINECFG_WORKSPACE_SIZE);
    if (!keeps(rules, engines[0]) || workspace > rules.most_workspace) continue;
    const size_t engine = number(engines[0], CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
    kept.push_back({std::move(config), static_cast<int64_t>(engine), workspace});
  }
  return kept;
}

// Whether the candidate can be had; the plan is put behind the others then.
bool add_plan(const Candidate& candidate, const CudnnDescriptor& properties, const PlanRules& rules,
              std::vector<ConvPlan>& plans) {
  CudnnDescriptor plan(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, candidate.config);
  plan.set(CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, properties);
  if (!plan.finalize()) return false;
  const size_t workspace = number(plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE);
  if (workspace > rules.most_workspace) return false;
  plans.push_back({std::move(plan), candidate.engine, workspace});
  return true;
}

}  // namespace

std::vector<ConvPlan> choose_conv_plans(const CudnnDescriptor& graph,
                                        const CudnnDescriptor& properties, const PlanRules& rules) {
  std::vector<ConvPlan> plans;
  for (const auto mode : {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_B, CUDNN_HEUR_MODE_FALLBACK}) {
    PlanRules now = rules;
    for (const Candidate& candidate : candidates(graph, properties, mode, rules)) {
      if (!plans.empty() && candidate.engine == plans[0].engine) continue;
      if (!add_plan(candidate, properties, now, plans)) continue;
      if (plans.size() == 2) return plans;
      now.most_workspace = plans[0].workspace_bytes;
    }
    // The next mode's names take as long to be had, for a plan that is hardly ever needed.
    if (!plans.empty()) break;
  }
  return plans;
}

}  // namespace tenon::cuda
