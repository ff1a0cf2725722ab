// Lists of arguments, and numbers in them, of whatever types a program has.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"

namespace tenon {
namespace internal {

[[noreturn]] TENON_API void fail_too_large(uint64_t number);

// The number in 64 bits with a sign. Throws ValueError (bad_argument) where it has no place there.
template <std::integral T>
int64_t to_int64(T number) {
  if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(int64_t)) {
    if (number > uint64_t{std::numeric_limits<int64_t>::max()}) fail_too_large(number);
  }
  return static_cast<int64_t>(number);
}

template <typename Range>
using ItemOf = decltype(*std::begin(std::declval<const Range&>()));

// A container, but no text, whose items convert to T.
template <typename Range, typename T>
concept RangeOf =
    !std::is_convertible_v<const Range&, std::string> && requires(const Range& range) {
  { *std::begin(range) } -> std::convertible_to<T>;
  std::end(range);
};

template <typename Range>
concept RangeOfIntegers = requires(const Range& range) {
  std::begin(range);
  std::end(range);
}
&&std::integral<std::remove_cvref_t<ItemOf<Range>>>;

template <RangeOfIntegers Range>
std::vector<int64_t> to_int64s(const Range& range) {
  std::vector<int64_t> numbers;
  for (const auto number : range) numbers.push_back(to_int64(number));
  return numbers;
}

// The first member of options whose other members a list without names could be taken for
// (reduce_sum(x, {0, 1}) would keep dimensions): with it, these are given by name or not at all.
class OnlyByName {
 public:
  explicit constexpr OnlyByName() = default;
};

}  // namespace internal

// Some T: a braced list of things that convert to T and may differ ({x, w, 2.0f}), or any range of
// one of them (a std::vector<Output>, of Variables, ...). What is made of a range's items was made
// at the line that passed the range.
template <typename T>
class ListOf {
 public:
  ListOf() = default;
  ListOf(std::initializer_list<T> items) : items_(items) {}
  ListOf(std::vector<T> items) : items_(std::move(items)) {}
  template <typename Range>
  requires(!std::is_same_v<Range, ListOf> && !std::is_same_v<Range, std::vector<T>> &&
           internal::RangeOf<Range, T>)
      ListOf(const Range& range, [[maybe_unused]] Location where = Location::current()) {
    for (const auto& item : range) {
      if constexpr (std::is_constructible_v<T, decltype(item), Location>) {
        items_.emplace_back(item, where);
      } else {
        items_.emplace_back(item);
      }
    }
  }

  operator const std::vector<T>&() const noexcept { return items_; }
  const std::vector<T>& items() const noexcept { return items_; }
  size_t size() const noexcept { return items_.size(); }
  bool empty() const noexcept { return items_.empty(); }
  const T& operator[](size_t i) const noexcept { return items_[i]; }
  auto begin() const noexcept { return items_.begin(); }
  auto end() const noexcept { return items_.end(); }
  void push_back(T item) { items_.push_back(std::move(item)); }

 private:
  std::vector<T> items_;
};

}  // namespace tenon
