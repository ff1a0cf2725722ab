// What operations take besides tensors: vectors of integers, axes, and operands of C++ operators.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/list_of.h"

namespace tenon {
namespace internal {

// Output, and classes that convert to it (Variable).
template <typename T>
concept GraphValue =
    std::is_class_v<T> && std::is_convertible_v<const T&, Output> && !std::is_same_v<T, Input>;

}  // namespace internal

// A vector of integers (a shape, sizes, multiples, ...): numbers, a Shape, a tensor of integers,
// or a list that mixes numbers with scalar tensors, which are then packed together.
//
//   reshape(x, {-1, 784});        reshape(x, shape(y));        reshape(x, {batch, 784});
class TENON_API Integers {
 public:
  Integers(Location where = Location::current()) : where_(where) {}  // no numbers: a scalar's shape
  Integers(std::initializer_list<int64_t> numbers, Location where = Location::current())
      : numbers_(numbers), where_(where) {}
  Integers(std::vector<int64_t> numbers, Location where = Location::current())
      : numbers_(std::move(numbers)), where_(where) {}
  // Unknown sizes are -1. Throws ValueError (no_shape) for a shape of unknown rank.
  Integers(const Shape& shape, Location where = Location::current());
  // Integers of any type.
  template <internal::RangeOfIntegers Range>
  Integers(const Range& numbers, Location where = Location::current())
      : numbers_(internal::to_int64s(numbers)), where_(where) {}
  Integers(std::initializer_list<Input> parts, Location where = Location::current())
      : parts_(parts), where_(where) {}
  Integers(std::vector<Input> parts, Location where = Location::current())
      : parts_(std::move(parts)), where_(where) {}
  template <typename Range>
  requires(internal::RangeOf<Range, Input> && !internal::RangeOfIntegers<Range>)
      Integers(const Range& parts, Location where = Location::current())
      : parts_(ListOf<Input>(parts, where).items()), where_(where) {}
  Integers(Tensor vector, Location where = Location::current())
      : whole_(Input(std::move(vector), where)), where_(where) {}
  template <typename T>
  requires internal::GraphValue<T> Integers(const T& vector, Location where = Location::current())
      : whole_(Input(vector, where)), where_(where) {}

  // Whether all are numbers, and which.
  bool known() const noexcept { return !whole_ && parts_.empty(); }
  const std::vector<int64_t>& numbers() const noexcept { return numbers_; }
  const Location& where() const noexcept { return where_; }

  // The tensors among it, which say what graph it belongs to.
  std::vector<Input> tensors() const;
  // As an operation's argument: a constant, the tensor, or a Pack of the parts named `name`.
  Input as_input(const std::string& name = "Pack") const;

 private:
  std::vector<int64_t> numbers_;
  std::vector<Input> parts_;
  std::optional<Input> whole_;
  Location where_;
};

// Some axes: nothing (TensorFlow's None: all of them, or the operation's default), one, or a list
// or range of integers. Negative ones count from the end. An empty list is
// Axes(std::vector<int64_t>{}).
class Axes {
 public:
  Axes() = default;
  template <std::integral T>
  Axes(T axis) : axes_(std::vector<int64_t>{internal::to_int64(axis)}), is_list_(false) {}
  Axes(std::initializer_list<int64_t> axes) : axes_(std::vector<int64_t>(axes)) {}
  Axes(std::vector<int64_t> axes) : axes_(std::move(axes)) {}
  template <internal::RangeOfIntegers Range>
  Axes(const Range& axes) : axes_(internal::to_int64s(axes)) {}

  bool given() const noexcept { return axes_.has_value(); }
  bool is_list() const noexcept { return is_list_; }
  const std::vector<int64_t>& list() const { return *axes_; }  // only when given

 private:
  std::optional<std::vector<int64_t>> axes_;
  bool is_list_ = true;
};

namespace internal {

// An integer, a range of integers, or Axes: all that is no list in braces.
template <typename T>
concept AxesArgument = std::is_convertible_v<const T&, Axes>;

// The left or right side of an operator. At least one side is a GraphValue, so that the operators
// don't take part in arithmetic that has nothing to do with graphs.
struct GraphOperand {
  template <typename T>
  requires GraphValue<T> GraphOperand(const T& value, Location where = Location::current())
      : input(value, where) {}
  Input input;
};

struct OtherOperand {
  template <typename T>
  requires(std::is_arithmetic_v<T> || std::is_same_v<T, Tensor> || std::is_same_v<T, Input>)
      OtherOperand(const T& value, Location where = Location::current())
      : input(make(value, where)) {}
  Input input;

 private:
  template <typename T>
  static Input make(const T& value, Location where) {
    if constexpr (std::is_same_v<T, Input>) {
      return value;
    } else if constexpr (std::is_same_v<T, Tensor> || std::is_same_v<T, bool>) {
      return Input(value, where);
    } else if constexpr (std::is_floating_point_v<T>) {
      return Input(static_cast<double>(value), where);
    } else {
      return Input(to_int64(value), where);
    }
  }
};

}  // namespace internal
}  // namespace tenon
