// The initializers of TensorFlow's init_ops.py, in its formulas and its order of operations.
#include "tenon/initializers.h"

#include <algorithm>
#include <cmath>

#include "core/base/caller_line.h"
#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "tenon/array_ops.h"
#include "tenon/math_ops.h"
#include "tenon/random_ops.h"

namespace tenon {

using internal::convert_literal;
using internal::require;

namespace {

using Sizes = std::vector<int64_t>;

Sizes sizes_of(const Shape& shape) { return {shape.sizes().begin(), shape.sizes().end()}; }

void require_floating(DType dtype) {
  require<ValueError>(is_floating(dtype), ErrorKind::bad_argument,
                      "Argument `dtype` is expected to be floating point. Received: ", dtype, ".");
}

const Shape& whole_shape(const Shape& shape, const PartitionInfo* partition_info) {
  return partition_info == nullptr ? shape : partition_info->full_shape;
}

struct Fans {
  double in = 1, out = 1;
};

Fans compute_fans(const Shape& shape) {
  const int rank = shape.rank();
  if (rank == 0) return {};
  if (rank == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  double receptive_field = 1;
  for (int axis = 0; axis < rank - 2; ++axis) receptive_field *= static_cast<double>(shape[axis]);
  return {static_cast<double>(shape[-2]) * receptive_field,
          static_cast<double>(shape[-1]) * receptive_field};
}

// TensorFlow's correction for what truncating at two deviations takes away.
constexpr double kTruncatedDeviation = .87962566103423978;

Output scaled_variance(const VarianceScalingInitializerOptions& options, const Shape& shape,
                       DType dtype, const PartitionInfo* partition_info) {
  const Fans fans = compute_fans(whole_shape(shape, partition_info));
  const double n = options.mode == "fan_in"    ? fans.in
                   : options.mode == "fan_out" ? fans.out
                                               : (fans.in + fans.out) / 2.0;
  const double scale = options.scale / std::max(1.0, n);
  const Sizes sizes = sizes_of(shape);
  if (options.distribution == "uniform") {
    const double limit = std::sqrt(3.0 * scale);
    return random_uniform(
        sizes, {.minval = -limit, .maxval = limit, .dtype = dtype, .seed = options.seed});
  }
  if (options.distribution == "untruncated_normal") {
    return random_normal(
        sizes, {.mean = 0.0, .stddev = std::sqrt(scale), .dtype = dtype, .seed = options.seed});
  }
  return truncated_normal(sizes, {.mean = 0.0,
                                  .stddev = std::sqrt(scale) / kTruncatedDeviation,
                                  .dtype = dtype,
                                  .seed = options.seed});
}

Output orthogonal(const OrthogonalInitializerOptions& options, const Shape& shape, DType dtype) {
  require<ValueError>(shape.rank() >= 2, ErrorKind::shape_incompatible,
                      "The tensor to initialize, specified by argument `shape` must be at least "
                      "two-dimensional. Received shape=",
                      shape);
  int64_t rows = 1;
  for (int axis = 0; axis < shape.rank() - 1; ++axis) rows *= shape[axis];
  const int64_t columns = shape[-1];
  const Output a = random_normal(Sizes{std::max(rows, columns), std::min(rows, columns)},
                                 {.dtype = dtype, .seed = options.seed});
  const Qr factors = qr(a, {.full_matrices = false});
  const Output d = matrix_diag_part(factors.r);
  Output q = factors.q * sign(d);
  if (rows < columns) q = transpose(q, {.perm = {1, 0}});
  return options.gain * reshape(q, sizes_of(shape));
}

Output identity_matrix(const IdentityInitializerOptions& options, const Shape& shape, DType dtype,
                       const PartitionInfo* partition_info) {
  const Shape& full = whole_shape(shape, partition_info);
  require<ValueError>(full.rank() == 2, ErrorKind::shape_incompatible,
                      "The tensor to initialize, specified by argument `shape` must be at least "
                      "two-dimensional. Received shape=",
                      shape);
  Tensor eye(float64, full);
  const int64_t diagonal = std::min(full[0], full[1]);
  for (int64_t i = 0; i < diagonal; ++i) {
    eye.mutable_data<double>()[static_cast<size_t>(i * full[1] + i)] = 1;
  }
  Output matrix = internal::as_output(Input::weak(eye), "eye", dtype);
  // tf.eye: the diagonal's ones and its places in a square, or in zeros.
  internal::default_graph_state()->operations_saved += full[0] == full[1] ? 5 : 3;
  if (partition_info != nullptr) {
    matrix = slice(matrix, partition_info->var_offset, sizes_of(shape));
  }
  return options.gain * matrix;
}

VarianceScalingInitializerOptions scaling(double scale, const char* mode, const char* distribution,
                                          const SeededInitializerOptions& options) {
  return {.scale = scale,
          .mode = mode,
          .distribution = distribution,
          .seed = options.seed};  // TensorFlow looks at no dtype here
}

// Zeros or ones. The usual one is asked for by the thousand, and made once.
template <Output (*kFill)(Integers, DType, const OpOptions&)>
Initializer filled_initializer(DType dtype) {
  static const Initializer::Function make = [](const Shape& shape, DType of, const PartitionInfo*) {
    return kFill(sizes_of(shape), of, {});
  };
  static const auto usual = Initializer::built_in(make, float32);
  return dtype == float32 ? usual : Initializer::built_in(make, dtype);
}

}  // namespace

std::optional<int> PartitionInfo::single_slice_dim(const Shape& shape) const {
  require<ValueError>(shape.rank() == full_shape.rank(), ErrorKind::bad_argument,
                      "Expected equal length, but received shape=", shape, " of length ",
                      shape.rank(), " while self.full_shape=", full_shape, " is of length ",
                      full_shape.rank(), ".");
  std::optional<int> found;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    require<ValueError>(var_offset[static_cast<size_t>(axis)] + shape[axis] <= full_shape[axis],
                        ErrorKind::bad_argument, "A partition of shape=", shape,
                        " would exceed self.full_shape=", full_shape, " in dimension ", axis, ".");
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] == full_shape[axis]) continue;
    require<ValueError>(
        !found, ErrorKind::bad_argument, "Cannot use single_slice_dim() with shape=", shape,
        " and self.full_shape=", full_shape, " since slice dim could be either dimension ", axis,
        " or ", found.value_or(0), ".");
    found = axis;
  }
  return found;
}

int64_t PartitionInfo::single_offset(const Shape& shape) const {
  const std::optional<int> axis = single_slice_dim(shape);
  return axis ? var_offset[static_cast<size_t>(*axis)] : 0;
}

Output Initializer::operator()(const Shape& shape, DType dtype, const PartitionInfo* partition_info,
                               Location where) const {
  require<ValueError>(impl_ != nullptr, ErrorKind::bad_initializer, "Call of an empty Initializer");
  const internal::CallerLine line(is_built_in() ? where : Location{});
  if (is_value()) return internal::as_output(value(), "Const");
  if (is_thunk()) return internal::as_output(call(), "Const");
  require<ValueError>(shape.fully_defined(), ErrorKind::bad_initializer,
                      "An initializer needs a shape that is fully known, got ", shape);
  if (dtype == DType::invalid) dtype = impl_->dtype;
  return internal::as_output(call(shape, dtype, partition_info), "Const", dtype);
}

Initializer zeros_initializer(const ZerosInitializerOptions& options) {
  return filled_initializer<zeros>(options.dtype);
}

Initializer ones_initializer(const OnesInitializerOptions& options) {
  return filled_initializer<ones>(options.dtype);
}

Initializer constant_initializer(const Input& value, const ConstantInitializerOptions& options) {
  require<TypeError>(!value.is_output(), ErrorKind::bad_argument,
                     "constant_initializer takes values, not a tensor of the graph");
  return Initializer::built_in(
      [value, options](const Shape& shape, DType dtype, const PartitionInfo*) {
        const Tensor& given = value.value();
        if (shape.element_count() == 0) {  // TensorFlow looks at no value then
          return internal::make_constant(Tensor(dtype, shape), "Const", value.where());
        }
        const Tensor converted = given.dtype() == dtype ? given : convert_literal(given, dtype);
        require<TypeError>(static_cast<bool>(converted), ErrorKind::dtype_incompatible, "Expected ",
                           dtype, ", but got ", given, " of type '", given.dtype(), "'.");
        require<TypeError>(!options.verify_shape || given.shape() == shape,
                           ErrorKind::shape_incompatible, "Expected Tensor's shape: ", shape,
                           ", got ", given.shape(), ".");
        return constant(Input(converted, value.where()), {.dtype = dtype, .shape = shape});
      },
      options.dtype);
}

Initializer random_uniform_initializer(const RandomUniformInitializerOptions& options) {
  return Initializer::built_in(
      [options](const Shape& shape, DType dtype, const PartitionInfo*) {
        RandomUniformOptions random{.minval = options.minval, .dtype = dtype, .seed = options.seed};
        if (options.maxval) random.maxval = *options.maxval;
        return random_uniform(sizes_of(shape), random);
      },
      options.dtype);
}

Initializer random_normal_initializer(const RandomNormalInitializerOptions& options) {
  require_floating(options.dtype);
  return Initializer::built_in(
      [options](const Shape& shape, DType dtype, const PartitionInfo*) {
        return random_normal(
            sizes_of(shape),
            {.mean = options.mean, .stddev = options.stddev, .dtype = dtype, .seed = options.seed});
      },
      options.dtype);
}

Initializer truncated_normal_initializer(const TruncatedNormalInitializerOptions& options) {
  require_floating(options.dtype);
  return Initializer::built_in(
      [options](const Shape& shape, DType dtype, const PartitionInfo*) {
        return truncated_normal(
            sizes_of(shape),
            {.mean = options.mean, .stddev = options.stddev, .dtype = dtype, .seed = options.seed});
      },
      options.dtype);
}

Initializer uniform_unit_scaling_initializer(const UniformUnitScalingInitializerOptions& options) {
  require_floating(options.dtype);
  return Initializer::built_in(
      [options](const Shape& shape, DType dtype, const PartitionInfo* partition_info) {
        const Shape& whole = whole_shape(shape, partition_info);
        double inputs = 1;
        for (int axis = 0; axis < whole.rank() - 1; ++axis) {
          inputs *= static_cast<double>(whole[axis]);
        }
        const double limit = std::sqrt(3 / std::max(inputs, 1.0)) * options.factor;
        return random_uniform(
            sizes_of(shape),
            {.minval = -limit, .maxval = limit, .dtype = dtype, .seed = options.seed});
      },
      options.dtype);
}

Initializer variance_scaling_initializer(const VarianceScalingInitializerOptions& options) {
  require<ValueError>(options.scale > 0, ErrorKind::bad_argument,
                      "Argument `scale` must be a positive float. Received: ", options.scale);
  require<ValueError>(
      options.mode == "fan_in" || options.mode == "fan_out" || options.mode == "fan_avg",
      ErrorKind::bad_argument,
      "Argument `mode` should be one of ('fan_in', 'fan_out', 'fan_avg'). Received: ",
      options.mode);
  VarianceScalingInitializerOptions checked = options;
  checked.distribution = internal::to_lower(options.distribution);
  require<ValueError>(
      checked.distribution == "normal" || checked.distribution == "uniform" ||
          checked.distribution == "truncated_normal" ||
          checked.distribution == "untruncated_normal",
      ErrorKind::bad_argument,
      "Argument `distribution` should be one of ('normal', uniform', 'truncated_normal', "
      "'untruncated_normal'). Received: ",
      checked.distribution);
  require_floating(options.dtype);
  return Initializer::built_in(
      [checked](const Shape& shape, DType dtype, const PartitionInfo* partition_info) {
        return scaled_variance(checked, shape, dtype, partition_info);
      },
      checked.dtype);
}

Initializer glorot_uniform_initializer(const SeededInitializerOptions& options) {
  return variance_scaling_initializer(scaling(1.0, "fan_avg", "uniform", options));
}
Initializer glorot_normal_initializer(const SeededInitializerOptions& options) {
  return variance_scaling_initializer(scaling(1.0, "fan_avg", "truncated_normal", options));
}
Initializer lecun_uniform_initializer(const SeededInitializerOptions& options) {
  return variance_scaling_initializer(scaling(1.0, "fan_in", "uniform", options));
}
Initializer lecun_normal_initializer(const SeededInitializerOptions& options) {
  return variance_scaling_initializer(scaling(1.0, "fan_in", "truncated_normal", options));
}
Initializer he_uniform_initializer(const SeededInitializerOptions& options) {
  return variance_scaling_initializer(scaling(2.0, "fan_in", "uniform", options));
}
Initializer he_normal_initializer(const SeededInitializerOptions& options) {
  return variance_scaling_initializer(scaling(2.0, "fan_in", "truncated_normal", options));
}

Initializer orthogonal_initializer(const OrthogonalInitializerOptions& options) {
  require_floating(options.dtype);
  return Initializer::built_in(
      [options](const Shape& shape, DType dtype, const PartitionInfo*) {
        return orthogonal(options, shape, dtype);
      },
      options.dtype);
}

Initializer identity_initializer(const IdentityInitializerOptions& options) {
  require_floating(options.dtype);
  return Initializer::built_in(
      [options](const Shape& shape, DType dtype, const PartitionInfo* partition_info) {
        return identity_matrix(options, shape, dtype, partition_info);
      },
      options.dtype);
}

}  // namespace tenon
