// Who holds memory: what is said when there is no more.
#include <algorithm>

#include "core/base/strings.h"
#include "core/session/session_state.h"

namespace tenon::internal {
namespace {

constexpr size_t kMostHolders = 8;

struct Holder {
  std::string text;
  size_t bytes = 0;
};

void add_arenas(const Plan& plan, std::vector<Holder>& holders) {
  const size_t arenas = plan.arena_count();
  for (size_t i = 0; i < plan.arenas.size(); ++i) {
    const size_t bytes = arenas * plan.arenas[i].bytes;
    if (bytes == 0) continue;
    holders.push_back({str("the run of ", plan.name, " on ", plan.devices[i]->name()), bytes});
  }
}

}  // namespace

std::vector<std::shared_ptr<Plan>> SessionState::living_plans() const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Plan>> plans;
  for (const std::weak_ptr<Plan>& known : plans_) {
    if (std::shared_ptr<Plan> plan = known.lock()) plans.push_back(std::move(plan));
  }
  return plans;
}

std::string SessionState::largest_holders() const {
  std::vector<Holder> holders;
  for (const Allocation& allocation : variable_allocations()) {
    holders.push_back(
        {str("variable ", allocation.variable, " on ", allocation.device), allocation.bytes});
  }
  for (const std::shared_ptr<Plan>& plan : living_plans()) add_arenas(*plan, holders);
  if (holders.empty()) return "\nThis session holds no memory yet";
  std::stable_sort(holders.begin(), holders.end(),
                   [](const Holder& a, const Holder& b) { return a.bytes > b.bytes; });
  std::string text = "\nThe largest holders of this session's memory are:";
  for (size_t i = 0; i < std::min(holders.size(), kMostHolders); ++i) {
    text += str("\n  ", holders[i].bytes, " bytes: ", holders[i].text);
  }
  if (holders.size() > kMostHolders) {
    text += str("\n  and ", holders.size() - kMostHolders, " smaller ones");
  }
  return text;
}

}  // namespace tenon::internal
