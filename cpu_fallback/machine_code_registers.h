// Which of a processor's vector registers are free while code for a loop is made.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

namespace tenon::cpu {

// Thrown, and caught, where there are too few.
struct OutOfRegisters {};

class VectorRegisters {
 public:
  // `has_masks`: those of AVX-512, which hold bools; else a vector does, of all bits or none.
  explicit VectorRegisters(bool has_masks)
      : has_masks_(has_masks), first_pinned_(has_masks ? 32 : 16) {
    for (int i = 0; i < first_pinned_; ++i) free_.insert(i);
    for (int i = 1; i < 8; ++i) free_masks_.insert(i);  // k0 can't choose
  }

  // Throw OutOfRegisters.
  int take() {
    const int index = take_lowest(free_);
    highest_used_ = std::max(highest_used_, index);
    return index;
  }
  int take_mask() { return has_masks_ ? take_lowest(free_masks_) : take(); }
  void give_back(int index) { free_.insert(index); }
  void give_back_mask(int index) { (has_masks_ ? free_masks_ : free_).insert(index); }

  // The register that holds these bits in each element of that size (1: bytes), all through the
  // loop: the highest that nothing was in so far, for the next round finds it as it was.
  int pinned(uint64_t bits, int size) {
    const auto [at, added] = constants_.try_emplace({bits, size}, 0);
    if (added) {
      if (highest_used_ >= first_pinned_ - 1) throw OutOfRegisters();
      at->second = --first_pinned_;
      free_.erase(first_pinned_);
    }
    return at->second;
  }
  // By bits and size.
  const std::map<std::pair<uint64_t, int>, int>& constants() const { return constants_; }

 private:
  static int take_lowest(std::set<int>& free) {
    if (free.empty()) throw OutOfRegisters();
    return free.extract(free.begin()).value();
  }

  const bool has_masks_;
  int first_pinned_, highest_used_ = -1;
  std::set<int> free_, free_masks_;
  std::map<std::pair<uint64_t, int>, int> constants_;
};

}  // namespace tenon::cpu
