// All ways in which a sequence of logits may spell labels, with blanks before, between and behind
// them: how likely they are together, and its derivative (Graves 2006).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace tenon::internal {

// log(exp(a) + exp(b)).
template <typename T>
T log_of_sum(T a, T b) {
  constexpr T kNothing = -std::numeric_limits<T>::infinity();
  if (a == kNothing) return b;
  if (b == kNothing) return a;
  return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

class CtcPaths {
 public:
  // The last class is blank. `merges`: a label that is repeated without a blank between is one.
  CtcPaths(int64_t times, int64_t classes, const std::vector<int64_t>& labels, bool merges)
      : times_(static_cast<size_t>(times)),
        classes_(static_cast<size_t>(classes)),
        merges_(merges),
        places_(1, classes_ - 1) {
    for (const int64_t label : labels) {
      places_.push_back(static_cast<size_t>(label));
      places_.push_back(classes_ - 1);
    }
    likely_.resize(times_ * classes_);
    before_.resize(times_ * places_.size(), kNever);
    behind_.resize(times_ * places_.size(), kNever);
  }

  template <typename T>
  void set_logits(int64_t time, const T* logits) {
    const double most = static_cast<double>(*std::max_element(logits, logits + classes_));
    double sum = 0;
    for (size_t i = 0; i < classes_; ++i) sum += std::exp(static_cast<double>(logits[i]) - most);
    double* to = &likely_[static_cast<size_t>(time) * classes_];
    for (size_t i = 0; i < classes_; ++i) {
      to[i] = static_cast<double>(logits[i]) - most - std::log(sum);
    }
  }

  // The loss: minus the logarithm of how likely they are.
  double find() {
    go_forward();
    go_backward();
    for (size_t place = 0; place < places_.size(); ++place) {
      total_ = log_of_sum(total_, before_[place] + behind_[place]);
    }
    return -total_;
  }

  // Adds the derivative of the loss for the logits of a time. Where nothing is possible, it is
  // that of the softmax alone, as TensorFlow's.
  template <typename T>
  void add_gradient(int64_t time, T* to) const {
    const auto at = static_cast<size_t>(time);
    std::vector<double> used(classes_, kNever);
    for (size_t place = 0; place < places_.size(); ++place) {
      double& of_label = used[places_[place]];
      of_label = log_of_sum(of_label, before_[index(at, place)] + behind_[index(at, place)]);
    }
    for (size_t i = 0; i < classes_; ++i) {
      const double part = total_ == kNever ? 0 : std::exp(used[i] - total_);
      to[i] += static_cast<T>(std::exp(likely_[at * classes_ + i]) - part);
    }
  }

 private:
  static constexpr double kNever = -std::numeric_limits<double>::infinity();

  size_t index(size_t time, size_t place) const { return time * places_.size() + place; }
  double likely(size_t time, size_t place) const {
    return likely_[time * classes_ + places_[place]];
  }
  bool is_blank(size_t place) const { return places_[place] == classes_ - 1; }
  // Whether a way may stay at a place, and whether it may go on to the next but one.
  bool stays(size_t place) const { return merges_ || is_blank(place); }
  bool skips_to(size_t place) const {
    return place >= 2 && !is_blank(place) && !(merges_ && places_[place] == places_[place - 2]);
  }

  void go_forward() {
    for (size_t place = 0; place < std::min<size_t>(2, places_.size()); ++place) {
      before_[place] = likely(0, place);
    }
    for (size_t time = 1; time < times_; ++time) {
      for (size_t place = 0; place < places_.size(); ++place) {
        const double* last = &before_[index(time - 1, 0)];
        double sum = stays(place) ? last[place] : kNever;
        if (place >= 1) sum = log_of_sum(sum, last[place - 1]);
        if (skips_to(place)) sum = log_of_sum(sum, last[place - 2]);
        before_[index(time, place)] = sum + likely(time, place);
      }
    }
  }
  void go_backward() {
    const size_t count = places_.size();
    for (size_t place = count < 2 ? 0 : count - 2; place < count; ++place) {
      behind_[index(times_ - 1, place)] = 0;
    }
    for (size_t time = times_ - 1; time > 0; --time) {
      for (size_t place = 0; place < count; ++place) {
        const auto next = [&](size_t to) { return behind_[index(time, to)] + likely(time, to); };
        double sum = stays(place) ? next(place) : kNever;
        if (place + 1 < count) sum = log_of_sum(sum, next(place + 1));
        if (place + 2 < count && skips_to(place + 2)) sum = log_of_sum(sum, next(place + 2));
        behind_[index(time - 1, place)] = sum;
      }
    }
  }

  const size_t times_, classes_;
  const bool merges_;
  std::vector<size_t> places_;           // labels with blanks around them
  std::vector<double> likely_;           // [time, class], logarithms as all that follows
  std::vector<double> before_, behind_;  // [time, place]: ways up to there, and from there on
  double total_ = kNever;
};

}  // namespace tenon::internal
