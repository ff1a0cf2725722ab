#include "core/session/runs_under_way.h"

#include <algorithm>
#include <map>

namespace tenon::internal {

void RunsUnderWay::snapshot(std::vector<RunEnd>& ends) const {
  std::lock_guard lock(mutex_);
  ends = ends_;
}

void RunsUnderWay::replace(const std::vector<RunEnd>& awaited, const std::shared_ptr<Event>& end) {
  std::lock_guard lock(mutex_);
  std::erase_if(ends_, [&](const RunEnd& one) {
    return one.event == end || std::any_of(awaited.begin(), awaited.end(), [&](const RunEnd& past) {
             return past.number == one.number;
           });
  });
  ends_.push_back({end, ++count_});
}

std::shared_ptr<RunsUnderWay> runs_under_way(const Device& device) {
  static std::mutex mutex;
  static auto* known = new std::map<const Device*, std::weak_ptr<RunsUnderWay>>;
  std::lock_guard lock(mutex);
  std::erase_if(*known, [](const auto& one) { return one.second.expired(); });
  std::weak_ptr<RunsUnderWay>& kept = (*known)[&device];
  std::shared_ptr<RunsUnderWay> runs = kept.lock();
  if (runs == nullptr) kept = runs = std::make_shared<RunsUnderWay>();
  return runs;
}

}  // namespace tenon::internal
