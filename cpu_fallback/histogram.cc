#include "cpu_fallback/histogram.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace tenon::cpu {

namespace {

std::vector<double> all_limits() {
  std::vector<double> above;
  for (double limit = 1e-12; limit < 1e20; limit *= 1.1) above.push_back(limit);
  above.push_back(std::numeric_limits<double>::max());
  std::vector<double> limits;
  for (auto limit = above.rbegin(); limit != above.rend(); ++limit) limits.push_back(-*limit);
  limits.push_back(0);
  limits.insert(limits.end(), above.begin(), above.end());
  return limits;
}

const std::vector<double>& limits() {
  static const std::vector<double> all = all_limits();
  return all;
}

}  // namespace

Histogram::Histogram()
    : counts_(limits().size(), 0.0), min_(limits().back()), max_(limits().front()) {}

void Histogram::add(double value) {
  const auto above = std::upper_bound(limits().begin(), limits().end(), value);
  counts_[static_cast<size_t>(above - limits().begin())] += 1;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  count_ += 1;
  sum_ += value;
  sum_squares_ += value * value;
}

std::vector<Histogram::Bucket> Histogram::buckets() const {
  std::vector<Bucket> buckets;
  for (size_t i = 0; i < counts_.size(); ++i) {
    const bool joins = !buckets.empty() && buckets.back().count == 0 && counts_[i] == 0;
    if (joins) {
      buckets.back().limit = limits()[i];
    } else {
      buckets.push_back({limits()[i], counts_[i]});
    }
  }
  return buckets;
}

}  // namespace tenon::cpu
