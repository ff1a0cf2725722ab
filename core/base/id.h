// Numbers that one can't take for a number of another kind, and vectors that they index.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace tenon::internal {

template <typename Kind>
class Id {
 public:
  constexpr Id() = default;  // of nothing
  constexpr explicit Id(size_t index) : number_(static_cast<int32_t>(index)) {}
  constexpr explicit Id(int index) : number_(index) {}

  constexpr bool exists() const { return number_ >= 0; }
  constexpr size_t index() const { return static_cast<size_t>(number_); }  // where it exists
  constexpr int number() const { return number_; }                         // -1 of nothing
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the 0 of a comparison for a pointer.
  constexpr auto operator<=>(const Id&) const = default;

 private:
  int32_t number_ = -1;
};

template <typename I, typename T>
class IdVector {
 public:
  IdVector() = default;
  explicit IdVector(size_t size, const T& item = T()) : items_(size, item) {}

  decltype(auto) operator[](I id) { return items_[id.index()]; }
  decltype(auto) operator[](I id) const { return items_[id.index()]; }
  I push_back(T item) {
    items_.push_back(std::move(item));
    return I(items_.size() - 1);
  }
  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  bool holds(I id) const { return id.exists() && id.index() < items_.size(); }
  void resize(size_t size, const T& item = T()) { items_.resize(size, item); }
  auto begin() { return items_.begin(); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  const std::vector<T>& items() const { return items_; }

 private:
  std::vector<T> items_;
};

// The element of a list at a place that is an int, as the graph's nodes number theirs.
template <typename List>
decltype(auto) nth(List&& list, int index) {
  return list[static_cast<size_t>(index)];
}

}  // namespace tenon::internal
