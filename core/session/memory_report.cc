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

}  // namespace

std::string SessionState::largest_holders() const {
  std::vector<Holder> holders;
  for (const Allocation& allocation : variables_.allocations()) {
    holders.push_back(
        {str("variable ", allocation.variable, " on ", allocation.device), allocation.bytes});
  }
  for (const WorkingMemory::Holder& holder : memory_.holders()) {
    holders.push_back(
        {str("working memory on ", holder.device, ", for the run of ", holder.plan), holder.bytes});
  }
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
