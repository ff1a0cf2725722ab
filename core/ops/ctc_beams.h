// The likeliest labels that a sequence of logits spells, searched for along the best beginnings.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "core/ops/ctc_paths.h"

namespace tenon::internal {

template <typename T>
class CtcBeams {
 public:
  // The last class is blank; at most `width` beginnings are kept.
  CtcBeams(int32_t classes, size_t width) : classes_(classes), width_(width) {
    beginnings_.push_back({});
    beginnings_[0].now = {.total = 0, .blank = 0};
    keep(&beginnings_[0]);
  }

  // Goes on by the logits of one more time.
  void step(const T* logits) {
    const T offset = log_of_all(logits);
    const std::vector<Beginning*> kept = in_order();
    kept_.clear();
    for (Beginning* one : kept) one->last = one->now;
    for (Beginning* one : kept) {
      go_on(*one, logits, offset);
      keep(one);
    }
    for (Beginning* one : kept) {
      if (is_worth_keeping(one->last.total)) grow(*one, logits, offset);
    }
  }

  // All that were kept, the likeliest first: labels, and the logarithm of how likely they are.
  std::vector<std::pair<std::vector<int32_t>, T>> best(bool merges) const {
    std::vector<std::pair<std::vector<int32_t>, T>> found;
    for (const Beginning* one : in_order())
      found.emplace_back(labels_of(one, merges), one->now.total);
    return found;
  }

 private:
  static constexpr T kNever = -std::numeric_limits<T>::infinity();

  // Logarithms: of all ways that spell it, of those that end in a blank, and in its last label.
  struct Likelihood {
    T total = kNever, blank = kNever, label = kNever;
  };
  struct Beginning {
    Beginning* shorter = nullptr;  // by its last label
    int32_t label = -1;
    Likelihood last = {}, now = {};
    std::map<int32_t, Beginning*> longer = {};
  };

  T log_of_all(const T* logits) const {
    const T most = *std::max_element(logits, logits + classes_);
    T sum = 0;
    for (int32_t i = 0; i < classes_; ++i) sum += std::exp(logits[i] - most);
    return most + std::log(sum);
  }

  // The same labels, one time later.
  void go_on(Beginning& one, const T* logits, T offset) {
    if (const Beginning* shorter = one.shorter) {
      if (shorter->now.total != kNever) {
        // A label that is repeated stands behind a blank.
        const bool repeats = one.label == shorter->label;
        one.now.label =
            log_of_sum(one.now.label, repeats ? shorter->last.blank : shorter->last.total);
      }
      one.now.label += logits[one.label] - offset;
    }
    one.now.blank = one.last.total + logits[classes_ - 1] - offset;
    one.now.total = log_of_sum(one.now.blank, one.now.label);
  }

  // With one more label.
  void grow(Beginning& one, const T* logits, T offset) {
    for (int32_t label = 0; label < classes_ - 1; ++label) {
      Beginning& longer = with_label(one, label);
      if (longer.now.total != kNever) continue;  // it is kept already
      const T before = label == one.label ? one.last.blank : one.last.total;
      const T total = logits[label] - offset + before;
      if (!is_worth_keeping(total)) {
        longer.last = longer.now = {};
        continue;
      }
      longer.now = {.total = total, .label = total};
      if (kept_.size() == width_) {
        std::pop_heap(kept_.begin(), kept_.end(), is_likelier);
        kept_.back()->now = {};
        kept_.pop_back();
      }
      keep(&longer);
    }
  }

  Beginning& with_label(Beginning& one, int32_t label) {
    Beginning*& longer = one.longer[label];
    if (longer == nullptr) {
      beginnings_.push_back({.shorter = &one, .label = label});
      longer = &beginnings_.back();
    }
    return *longer;
  }

  bool is_worth_keeping(T total) const {
    return total > kNever && (kept_.size() < width_ || total > kept_.front()->now.total);
  }
  static bool is_likelier(const Beginning* a, const Beginning* b) {
    return a->now.total > b->now.total;
  }
  void keep(Beginning* one) {
    kept_.push_back(one);
    std::push_heap(kept_.begin(), kept_.end(), is_likelier);
  }
  std::vector<Beginning*> in_order() const {
    std::vector<Beginning*> all = kept_;
    std::sort(all.begin(), all.end(), is_likelier);
    return all;
  }

  static std::vector<int32_t> labels_of(const Beginning* one, bool merges) {
    std::vector<int32_t> labels;
    int32_t before = -1;
    for (; one->shorter != nullptr; one = one->shorter) {
      if (!merges || one->label != before) labels.push_back(one->label);
      before = one->label;
    }
    std::reverse(labels.begin(), labels.end());
    return labels;
  }

  const int32_t classes_;
  const size_t width_;
  std::deque<Beginning> beginnings_;
  std::vector<Beginning*> kept_;  // a heap, the least likely first
};

}  // namespace tenon::internal
