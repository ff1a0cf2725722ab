// A vector whose first items lie in the object itself: Tenon's lists of sizes, inputs and outputs
// are short, and made by the million.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace tenon::internal {

// As std::vector, as far as it goes, but for two things: up to `kInside` items allocate nothing,
// and moving one moves its items then, so that pointers into it don't stay good.
template <typename T, size_t kInside>
class InlineVector {
 public:
  // NOLINTBEGIN(readability-identifier-naming): the C++ library's names
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;
  // NOLINTEND(readability-identifier-naming)

  InlineVector() noexcept = default;
  InlineVector(std::initializer_list<T> items) : InlineVector(items.begin(), items.end()) {}
  explicit InlineVector(size_t count, const T& item = T()) { append(count, item); }
  template <std::forward_iterator Iterator>
  InlineVector(Iterator first, Iterator last) {
    reserve(static_cast<size_t>(std::distance(first, last)));
    for (; first != last; ++first) emplace_back(*first);
  }
  InlineVector(const InlineVector& other) : InlineVector(other.begin(), other.end()) {}
  InlineVector(InlineVector&& other) noexcept { take(other); }
  InlineVector& operator=(InlineVector other) noexcept {
    free();
    take(other);
    return *this;
  }
  ~InlineVector() { free(); }

  size_t size() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  T* data() noexcept { return items_; }
  const T* data() const noexcept { return items_; }
  T* begin() noexcept { return items_; }
  T* end() noexcept { return items_ + count_; }
  const T* begin() const noexcept { return items_; }
  const T* end() const noexcept { return items_ + count_; }
  T& operator[](size_t i) noexcept { return items_[i]; }
  const T& operator[](size_t i) const noexcept { return items_[i]; }
  T& front() noexcept { return items_[0]; }
  const T& front() const noexcept { return items_[0]; }
  T& back() noexcept { return items_[count_ - 1]; }
  const T& back() const noexcept { return items_[count_ - 1]; }

  void reserve(size_t room) {
    if (room > room_) move_to(room);
  }
  template <typename... Arguments>
  T& emplace_back(Arguments&&... arguments) {
    if (count_ == room_) {
      T item(std::forward<Arguments>(arguments)...);  // which may be one of those that move
      move_to(2 * room_);
      return *std::construct_at(items_ + count_++, std::move(item));
    }
    return *std::construct_at(items_ + count_++, std::forward<Arguments>(arguments)...);
  }
  void push_back(const T& item) { emplace_back(item); }
  void push_back(T&& item) { emplace_back(std::move(item)); }
  void append(size_t count, const T& item) {
    reserve(count_ + count);
    for (size_t i = 0; i < count; ++i) emplace_back(item);
  }
  void pop_back() noexcept { std::destroy_at(items_ + --count_); }
  void clear() noexcept {
    std::destroy_n(items_, count_);
    count_ = 0;
  }

  bool operator==(const InlineVector& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  static_assert(std::is_nothrow_move_constructible_v<T> && kInside > 0);

  T* inside() noexcept { return reinterpret_cast<T*>(memory_); }

  void move_to(size_t room) {
    T* larger = std::allocator<T>().allocate(room);
    std::uninitialized_move_n(items_, count_, larger);
    const auto count = count_;
    free();
    items_ = larger;
    count_ = count;
    room_ = static_cast<uint32_t>(room);
  }
  // Leaves this one as a new one is.
  void free() noexcept {
    std::destroy_n(items_, count_);
    if (items_ != inside()) std::allocator<T>().deallocate(items_, room_);
    items_ = inside();
    count_ = 0;
    room_ = kInside;
  }
  // Of an empty one.
  void take(InlineVector& other) noexcept {
    if (other.items_ == other.inside()) {
      std::uninitialized_move_n(other.items_, other.count_, items_);
      count_ = other.count_;
      other.clear();
    } else {
      items_ = std::exchange(other.items_, other.inside());
      count_ = std::exchange(other.count_, 0);
      room_ = std::exchange(other.room_, kInside);
    }
  }

  alignas(T) std::byte memory_[kInside * sizeof(T)];
  T* items_ = inside();
  uint32_t count_ = 0, room_ = kInside;
};

}  // namespace tenon::internal
