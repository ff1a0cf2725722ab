// Python's x[...], TensorFlow 1's whole syntax of it: an index, or a list of them in braces.
//
//   y[0]                                           y[0]
//   y[{Slice{1, -1, 2}, ellipsis, newaxis, 3}]     y[1:-1:2, ..., tf.newaxis, 3]
//   y[{Slice{.end = n}, Slice{.step = -1}}]        y[:n, ::-1], where n is a scalar tensor
//   w[{Slice{}, 0}].assign(column)                 w[:, 0].assign(column), of a Variable
//
// Braces, because C++20's operator[] takes one argument; and not y(...), because a tensor that can
// be called is taken for a function wherever the library takes one (initializers, constraints).
// Slice is begin:end:step; slice() is the operation of that name (tenon/array_ops.h).
//
// An index that is known to be out of range throws ValueError (index_out_of_range); the bounds of
// a Slice are clipped as Python's are. An index that is a tensor must be a scalar of int32 or
// int64: TypeError (dtype_incompatible) else.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "tenon/graph.h"

namespace tenon {
namespace internal {

// What counts positions: whole numbers, but not truth values and characters.
template <typename T>
concept Position = std::integral<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, char>;

}  // namespace internal

// One bound of a Slice: a number, a scalar tensor, or left out.
class Bound {
 public:
  Bound() = default;
  template <internal::Position T>
  Bound(T value, Location where = Location::current())
      : input_(Input(static_cast<int64_t>(value), where)) {}
  template <typename T>
  requires(std::is_class_v<T>&& std::is_convertible_v<const T&, Output>)
      Bound(const T& value, Location where = Location::current())
      : input_(Input(static_cast<Output>(value), where)) {}

  bool given() const noexcept { return input_.has_value(); }
  const Input& input() const { return *input_; }  // only when given

 private:
  std::optional<Input> input_;
};

// begin:end:step of one axis. Counting down where step is negative.
struct Slice {
  Bound begin = {};
  Bound end = {};
  Bound step = {};
};
inline constexpr struct Ellipsis {
} ellipsis;  // all axes that the list doesn't name; once in a list
inline constexpr struct NewAxis {
} newaxis;  // an axis of size 1

// What stands for one axis in an index.
class Index {
 public:
  enum class Kind { kPosition, kSlice, kEllipsis, kNewAxis };

  // One element: the axis is dropped.
  template <typename T>
  requires std::is_constructible_v<Bound, const T&, Location> Index(
      const T& position, Location where = Location::current())
      : slice_{.begin = Bound(position, where)}, kind_(Kind::kPosition), where_(where) {}
  Index(Slice slice, Location where = Location::current())
      : slice_(std::move(slice)), kind_(Kind::kSlice), where_(where) {}
  Index(Ellipsis, Location where = Location::current()) : kind_(Kind::kEllipsis), where_(where) {}
  Index(NewAxis, Location where = Location::current()) : kind_(Kind::kNewAxis), where_(where) {}

  Kind kind() const noexcept { return kind_; }
  const Slice& slice() const noexcept { return slice_; }  // a position is its begin
  const Location& where() const noexcept { return where_; }

 private:
  Slice slice_;
  Kind kind_;
  Location where_;
};

}  // namespace tenon
