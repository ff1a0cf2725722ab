// Histograms as TensorFlow's summaries have them: buckets whose bounds grow by a tenth, on both
// sides of 0.
#pragma once

#include <cstddef>
#include <vector>

namespace tenon::cpu {

class Histogram {
 public:
  Histogram();

  void add(double value);

  double min() const { return min_; }
  double max() const { return max_; }
  double count() const { return count_; }
  double sum() const { return sum_; }
  double sum_squares() const { return sum_squares_; }

  // The buckets: each holds the values from the limit before it on, up to its own. Empty ones that
  // lie side by side are one.
  struct Bucket {
    double limit, count;
  };
  std::vector<Bucket> buckets() const;

 private:
  std::vector<double> counts_;
  double min_, max_;
  double count_ = 0, sum_ = 0, sum_squares_ = 0;
};

}  // namespace tenon::cpu
