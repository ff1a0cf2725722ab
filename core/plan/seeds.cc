#include "core/plan/seeds.h"

namespace tenon::internal {

AttrMap with_seeds(const Node& node, const PlanEnvironment& environment) {
  AttrMap attrs = node.attrs;
  if (attrs.get<int64_t>("seed") == 0 && attrs.get<int64_t>("seed2") == 0) {
    const auto [seed, seed2] = environment.chosen_seeds(node);
    attrs.set("seed", seed);
    attrs.set("seed2", seed2);
  }
  return attrs;
}

}  // namespace tenon::internal
