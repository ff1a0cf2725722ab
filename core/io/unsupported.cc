#include "core/io/unsupported.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/strings.h"

namespace tenon::internal {

void Unsupported::add(const std::string& what, std::string_view node) {
  Found& found = found_[what];
  if (found.count++ == 0) found.first = node;
}

std::string Unsupported::to_string() const {
  std::vector<std::pair<std::string, Found>> rows(found_.begin(), found_.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
  std::string text;
  for (const auto& [what, found] : rows) {
    text += str("\n  ", what, ", ", found.count, found.count == 1 ? " time" : " times", ", in '",
                found.first, found.count == 1 ? "'" : "' and others");
  }
  return text;
}

}  // namespace tenon::internal
