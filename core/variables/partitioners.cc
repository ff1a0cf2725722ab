#include "tenon/partitioners.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

namespace tenon {

using internal::require;

namespace {

// The axis, counted from the end when it is negative (as Python's lists do).
size_t checked_axis(int axis, const Shape& shape) {
  const int counted = axis < 0 ? axis + shape.rank() : axis;
  require<ValueError>(counted >= 0 && counted < shape.rank(), ErrorKind::bad_partitioner,
                      "Cannot partition variable along axis ", axis, " when shape is only ", shape);
  return static_cast<size_t>(counted);
}

double element_bytes(DType dtype, int64_t bytes_per_string) {
  return static_cast<double>(dtype == DType::string ? bytes_per_string
                                                    : static_cast<int64_t>(size_of(dtype)));
}

std::vector<int64_t> one_axis(const Shape& shape, size_t axis, int64_t parts) {
  std::vector<int64_t> partitions(static_cast<size_t>(shape.rank()), 1);
  partitions[axis] = parts;
  return partitions;
}

}  // namespace

Partitioner fixed_size_partitioner(int64_t num_shards, int axis) {
  return [=](const Shape& shape, DType) {
    const size_t at = checked_axis(axis, shape);
    return one_axis(shape, at, std::min(num_shards, shape[static_cast<int>(at)]));
  };
}

Partitioner variable_axis_size_partitioner(const VariableAxisSizePartitionerOptions& options) {
  require<ValueError>(options.max_shard_bytes >= 1 && options.bytes_per_string_element >= 1,
                      ErrorKind::bad_partitioner,
                      "Both max_shard_bytes and bytes_per_string_element must be positive. "
                      "Currently, max_shard_bytes is ",
                      options.max_shard_bytes, " and bytes_per_string_element is ",
                      options.bytes_per_string_element);
  require<ValueError>(options.max_shards >= 0, ErrorKind::bad_partitioner,
                      "max_shards must be positive, but is ", options.max_shards);
  return [options](const Shape& shape, DType dtype) {
    const size_t axis = checked_axis(options.axis, shape);
    const int64_t size = shape[static_cast<int>(axis)];
    const double slice_bytes =
        size == 0 ? 0
                  : static_cast<double>(shape.element_count()) / static_cast<double>(size) *
                        element_bytes(dtype, options.bytes_per_string_element);
    require<ValueError>(slice_bytes > 0, ErrorKind::bad_partitioner,
                        "Cannot partition a variable without elements by bytes (division by zero): "
                        "its shape is ",
                        shape);
    const double slices_per_shard =
        std::max(1.0, std::floor(static_cast<double>(options.max_shard_bytes) / slice_bytes));
    auto shards = static_cast<int64_t>(std::ceil(static_cast<double>(size) / slices_per_shard));
    if (options.max_shards > 0) shards = std::min(shards, options.max_shards);
    return one_axis(shape, axis, shards);
  };
}

Partitioner min_max_variable_partitioner(const MinMaxVariablePartitionerOptions& options) {
  return [options](const Shape& shape, DType dtype) {
    const size_t axis = checked_axis(options.axis, shape);
    require<ValueError>(options.min_slice_size != 0, ErrorKind::bad_partitioner,
                        "min_slice_size must not be 0 (division by zero)");
    const double bytes = static_cast<double>(shape.element_count()) *
                         element_bytes(dtype, options.bytes_per_string_element);
    const auto wanted =
        static_cast<int64_t>(std::ceil(bytes / static_cast<double>(options.min_slice_size)));
    return one_axis(shape, axis,
                    std::max<int64_t>(1, std::min({shape[static_cast<int>(axis)],
                                                   options.max_partitions, wanted})));
  };
}

}  // namespace tenon
