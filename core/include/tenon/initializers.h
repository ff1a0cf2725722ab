// Initializers: what a new variable's first value is made by.
//
//   get_variable("w", {.shape = {784, 10},
//                      .initializer = random_normal_initializer({.stddev = 0.1})});
//   get_variable("b", {.shape = {10}, .initializer = zeros_initializer});   // not called: defaults
//   get_variable("t", {.initializer = Tensor({1.0f, 2.0f})});               // a value: no shape
//   get_variable("d", {.initializer = [] { return random_uniform({3}); }});   // of nothing
//   get_variable("f", {.shape = {2, 2},
//                      .initializer = [](const Shape& shape, DType dtype) {
//                        return cast(fill(shape, 7), dtype);
//                      }});
//
// The operations that make the value are added below <variable>/Initializer when the variable is
// made; when the function throws, they and their names are taken back. Random initializers take
// their seed from the graph's and their own, as every random operation does: with the same seeds
// they give TensorFlow's numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/shape.h"
#include "tenon/tensor.h"

namespace tenon {

// Which part of a partitioned variable is being made: the whole's shape and where the part begins.
struct TENON_API PartitionInfo {
  Shape full_shape = {};
  std::vector<int64_t> var_offset = {};

  // The one axis along which a part of this shape is smaller than the whole; nothing when it is
  // the whole. Throws ValueError (bad_argument) when the part doesn't fit, or more than one axis
  // is smaller.
  std::optional<int> single_slice_dim(const Shape& shape) const;
  // Where the part begins along that axis; 0 when the part is the whole.
  int64_t single_offset(const Shape& shape) const;
};

// What makes a variable's first value: a value (literal, Tensor, Output, Variable), a function of
// nothing that returns one, or a function of the variable's shape and dtype (and, if it wants, of
// const PartitionInfo*, which is null for a whole variable). Cheap to copy. A default-constructed
// one is none: get_variable then takes the scope's, else glorot_uniform (floats) or zeros.
class TENON_API Initializer {
 public:
  using Thunk = std::function<Input()>;
  using Function = std::function<Input(const Shape&, DType, const PartitionInfo*)>;

  Initializer() = default;

  // A value.
  template <typename T>
  requires(std::is_convertible_v<const T&, Input> && !std::is_base_of_v<Initializer, T> &&
           !std::is_invocable_v<const T&>) Initializer(const T& value)
      : Initializer(Input(value), 0) {}
  template <typename T>
  requires(Element<T> || std::is_same_v<T, int>) Initializer(std::initializer_list<T> values)
      : Initializer(Input(values), 0) {}
  template <typename T>
  requires(Element<T> || std::is_same_v<T, int>)
      Initializer(std::initializer_list<std::initializer_list<T>> rows)
      : Initializer(Input(rows), 0) {}

  // A function of nothing, of (shape, dtype), or of (shape, dtype, partition_info).
  template <typename F>
  requires(std::is_invocable_r_v<Input, const F&>) Initializer(F function)
      : Initializer(Thunk(std::move(function)), 0) {}
  template <typename F>
  requires(std::is_invocable_r_v<Input, const F&, const Shape&, DType>) Initializer(F function)
      : Initializer(Function([made = std::move(function)](const Shape& shape, DType dtype,
                                                          const PartitionInfo*) -> Input {
                      return made(shape, dtype);
                    }),
                    0) {}
  template <typename F>
  requires(std::is_invocable_r_v<Input, const F&, const Shape&, DType, const PartitionInfo*>)
      Initializer(F function)
      : Initializer(Function(std::move(function)), 0) {}

  // One of the functions below, not called: `.initializer = zeros_initializer`.
  template <typename Options>
  Initializer(Initializer (*make)(const Options&)) : Initializer(make(Options())) {}

  explicit operator bool() const noexcept { return impl_ != nullptr; }
  bool is_value() const noexcept { return impl_ != nullptr && !impl_->thunk && !impl_->function; }
  bool is_thunk() const noexcept { return impl_ != nullptr && impl_->thunk != nullptr; }
  bool is_function() const noexcept { return impl_ != nullptr && impl_->function != nullptr; }
  const Input& value() const { return impl_->value; }

  // Makes the value, as operations of the current graph. `dtype` left out: the options' dtype, of a
  // user's function float32. Throws ValueError (bad_initializer) of an empty one, of a function
  // when the shape isn't fully known, and what a user's function throws.
  Output operator()(const Shape& shape, DType dtype = DType::invalid,
                    const PartitionInfo* partition_info = nullptr,
                    Location where = Location::current()) const;

  // Internal: a function of ours; what a function of either sort returned.
  static Initializer built_in_thunk(Thunk thunk) {
    return Initializer(
        std::make_shared<const Impl>(Impl{Input(Output()), std::move(thunk), nullptr, true}));
  }
  static Initializer built_in(Function function, DType dtype) {
    return Initializer(std::make_shared<const Impl>(
        Impl{Input(Output()), nullptr, std::move(function), true, dtype}));
  }
  bool is_built_in() const noexcept { return impl_ != nullptr && impl_->built_in; }
  Input call() const { return impl_->thunk(); }
  Input call(const Shape& shape, DType dtype, const PartitionInfo* partition_info) const {
    return impl_->function(shape, dtype, partition_info);
  }

 private:
  struct Impl {
    Input value;
    Thunk thunk = nullptr;
    Function function = nullptr;
    bool built_in = false;
    DType dtype = float32;  // where it is called without one
  };
  explicit Initializer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  Initializer(Input value, int) : impl_(std::make_shared<const Impl>(Impl{std::move(value)})) {}
  Initializer(Thunk thunk, int)
      : impl_(std::make_shared<const Impl>(Impl{Input(Output()), std::move(thunk)})) {}
  Initializer(Function function, int)
      : impl_(std::make_shared<const Impl>(Impl{Input(Output()), nullptr, std::move(function)})) {}

  std::shared_ptr<const Impl> impl_;
};

// In all options below, `dtype` counts only where the initializer is called without one: a variable
// is made in its own dtype. `seed` left out: the graph's seed and the operation's number decide.

struct ZerosInitializerOptions {
  DType dtype = float32;
};
struct OnesInitializerOptions {
  DType dtype = float32;
};
struct ConstantInitializerOptions {
  DType dtype = float32;
  // Refuse (TypeError, shape_incompatible) a value that isn't of the variable's shape; otherwise a
  // shorter one is filled up with its last element.
  bool verify_shape = false;
};
struct RandomUniformInitializerOptions {
  double minval = 0.0;
  std::optional<double> maxval = {};  // left out: 1 for floats; integers need it
  std::optional<int64_t> seed = {};
  DType dtype = float32;
};
struct RandomNormalInitializerOptions {
  double mean = 0.0;
  double stddev = 1.0;
  std::optional<int64_t> seed = {};
  DType dtype = float32;
};
struct TruncatedNormalInitializerOptions {
  double mean = 0.0;
  double stddev = 1.0;  // before what lies beyond two deviations is drawn again
  std::optional<int64_t> seed = {};
  DType dtype = float32;
};
struct UniformUnitScalingInitializerOptions {
  double factor = 1.0;
  std::optional<int64_t> seed = {};
  DType dtype = float32;
};
struct VarianceScalingInitializerOptions {
  double scale = 1.0;                             // positive
  std::string mode = "fan_in";                    // "fan_in", "fan_out", "fan_avg"
  std::string distribution = "truncated_normal";  // or "normal" (the same), "untruncated_normal",
                                                  // "uniform"
  std::optional<int64_t> seed = {};
  DType dtype = float32;
};
struct SeededInitializerOptions {
  std::optional<int64_t> seed = {};
  DType dtype = float32;
};
struct OrthogonalInitializerOptions {
  double gain = 1.0;
  std::optional<int64_t> seed = {};
  DType dtype = float32;
};
struct IdentityInitializerOptions {
  double gain = 1.0;
  DType dtype = float32;
};

TENON_API Initializer zeros_initializer(const ZerosInitializerOptions& options = {});
TENON_API Initializer ones_initializer(const OnesInitializerOptions& options = {});
// The value (a scalar for all elements, or a list) in the variable's shape.
TENON_API Initializer constant_initializer(const Input& value,
                                           const ConstantInitializerOptions& options = {});
// Uniform in [minval, maxval).
TENON_API Initializer
random_uniform_initializer(const RandomUniformInitializerOptions& options = {});
// The distributions from here on are of floats: throws ValueError (bad_argument) for another dtype.
TENON_API Initializer random_normal_initializer(const RandomNormalInitializerOptions& options = {});
TENON_API Initializer
truncated_normal_initializer(const TruncatedNormalInitializerOptions& options = {});
// Uniform within +-sqrt(3 / inputs) * factor, inputs the product of all sizes but the last.
TENON_API Initializer
uniform_unit_scaling_initializer(const UniformUnitScalingInitializerOptions& options = {});
// A variance of scale / n, where n is the fan in, the fan out or their mean, at least 1. The fans
// of rank 0 are 1, of rank 1 the size; otherwise the last two sizes, each times all sizes before
// them. Of a partitioned variable the whole's shape counts. A truncated normal's deviation is
// divided by 0.87962566, so that the variance is right after truncating. Throws ValueError
// (bad_argument) for a scale not positive, an unknown mode or distribution.
TENON_API Initializer
variance_scaling_initializer(const VarianceScalingInitializerOptions& options = {});
// glorot (or Xavier): scale 1, fan_avg. lecun: scale 1, fan_in. he: scale 2, fan_in.
TENON_API Initializer glorot_uniform_initializer(const SeededInitializerOptions& options = {});
TENON_API Initializer glorot_normal_initializer(const SeededInitializerOptions& options = {});
TENON_API Initializer lecun_uniform_initializer(const SeededInitializerOptions& options = {});
TENON_API Initializer lecun_normal_initializer(const SeededInitializerOptions& options = {});
TENON_API Initializer he_uniform_initializer(const SeededInitializerOptions& options = {});
TENON_API Initializer he_normal_initializer(const SeededInitializerOptions& options = {});
// Orthogonal rows or columns, of the matrix [product of all sizes but the last, last size].
// Making a value of rank below 2 throws ValueError (shape_incompatible).
TENON_API Initializer orthogonal_initializer(const OrthogonalInitializerOptions& options = {});
// gain * the identity matrix. Making a value of another rank than 2 throws ValueError
// (shape_incompatible).
TENON_API Initializer identity_initializer(const IdentityInitializerOptions& options = {});

}  // namespace tenon
