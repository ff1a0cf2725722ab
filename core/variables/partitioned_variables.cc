// Variables in parts: the checks on what a partitioner answers, making and sharing the parts.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/builder.h"
#include "core/graph/graph_state.h"
#include "core/graph/size_rules.h"
#include "core/variables/variable_state.h"
#include "core/variables/variable_store.h"
#include "tenon/array_ops.h"

namespace tenon::internal {
namespace {

using Sizes = std::vector<int64_t>;

std::string told(const Sizes& sizes) { return "[" + join(sizes) + "]"; }

Sizes call_partitioner(const std::string& name, const Partitioner& partitioner, const Shape& shape,
                       DType dtype, Location where) {
  const std::string of = str(" Partitioned variable ", name, " was asked for at ", where, ".");
  const auto check = [&of](bool holds, const auto&... parts) {
    require<ValueError>(holds, ErrorKind::bad_partitioner, parts..., of);
  };
  if (has_negative_size(shape)) check_sizes(shape);
  check(shape.fully_defined(),
        "Shape of a new partitioned variable must be fully defined, but "
        "instead was ",
        shape, ".");
  check(shape.rank() >= 1, "A partitioned Variable must have rank at least 1, shape: ", shape, ".");
  Sizes partitions = partitioner(shape, dtype);
  check(static_cast<int>(partitions.size()) == shape.rank(),
        "Partitioner returned a partition "
        "list that does not match the Variable's rank: ",
        told(partitions), " vs. ", shape, ".");
  check(std::all_of(partitions.begin(), partitions.end(), [](int64_t n) { return n >= 1; }),
        "Partitioner returned zero partitions for some axes: ", told(partitions), ".");
  check(std::count_if(partitions.begin(), partitions.end(), [](int64_t n) { return n > 1; }) <= 1,
        "Can only slice a variable along one dimension: shape: ", shape,
        ", partitioning: ", told(partitions), ".");
  return partitions;
}

// A literal's value in that dtype, below the part's PartitionedInitializer; an Output as it is.
Output whole_value(const Initializer& initializer, DType dtype) {
  return as_output(initializer.value(), "Const",
                   initializer.value().is_output() ? DType::invalid : dtype);
}

}  // namespace

Variable VariableStore::get_partitioned(const std::string& name, const GetVariableOptions& options,
                                        Location where) {
  if (const auto whole = variables_.find(name); whole != variables_.end()) {
    fail<ValueError>(ErrorKind::partition_mismatch,
                     "A partitioner was provided, but an unpartitioned version of the variable "
                     "was found: ",
                     name,
                     ". Perhaps a variable of the same name was already created without "
                     "partitioning? It was made by get_variable at ",
                     whole->second.made_at(), "; asked for in parts at ", where,
                     ". Leave the partitioner out (the scope's, too), or give it another name.");
  }
  const bool from_tensor =
      options.initializer.is_value() && options.initializer.value().is_output();
  const Shape shape =
      from_tensor ? options.shape.merged_with(options.initializer.value().shape()) : options.shape;
  const Reuse reuse = options.reuse.value_or(AUTO_REUSE);
  Sizes partitions;
  if (!options.reuse.value_or(false) || options.partitioner) {
    partitions =
        call_partitioner(name, options.partitioner, shape, options.dtype.value_or(float32), where);
  }
  const auto found = partitioned_.find(name);
  if (found != partitioned_.end()) {
    return share_partitioned(name, found->second, options, shape, partitions, where);
  }
  if (reuse.is_true()) fail_does_not_exist(name, *this, true, where);

  auto state = std::make_shared<VariableState>();
  state->kind = VariableState::Kind::partitioned;
  state->graph = default_graph_state();
  state->name = name;
  state->shape = shape;
  state->dtype = options.dtype.value_or(float32);
  state->made_at = where;
  state->partitions = partitions;
  const int axis = state->partition_axis();
  const int64_t count = partitions[static_cast<size_t>(axis)];
  check_parts_found(name, count, where);

  Sizes offset(partitions.size(), 0);
  for (int64_t i = 0; i < count; ++i) {
    Shape part = shape;
    part[axis] = shape[axis] / count + (i < shape[axis] % count ? 1 : 0);
    state->parts.push_back(
        make_part(name, static_cast<int>(i), shape, offset, part, options, where));
    offset[static_cast<size_t>(axis)] += part[axis];
  }
  state->dtype = from_tensor ? state->parts.back().dtype() : state->dtype;
  state->trainable = state->parts.front().trainable();
  const Variable whole(state);
  partitioned_.emplace(name, whole);
  return whole;
}

Variable VariableStore::share_partitioned(const std::string& name, const Variable& found,
                                          const GetVariableOptions& options, const Shape& shape,
                                          const Sizes& partitions, Location where) const {
  if (options.reuse && !*options.reuse) fail_already_exists(name, found, where);
  if (!shape.compatible_with(found.shape())) fail_shape(name, found, shape, where);
  const DType dtype = options.dtype.value_or(float32);
  if (dtype != found.dtype()) fail_dtype(name, found, dtype, where);
  require<ValueError>(partitions.empty() || partitions == found.partitions(),
                      ErrorKind::partition_mismatch, "Trying to reuse partitioned variable ", name,
                      ", but specified partitions ", told(partitions), " and found partitions ",
                      told(found.partitions()), ". It was made by get_variable at ",
                      found.made_at(), "; asked for otherwise at ", where,
                      ". Under {.reuse = true} the partitioner may be left out.");
  return found;
}

// Parts that an earlier call left behind must be as many as there are to be now.
void VariableStore::check_parts_found(const std::string& name, int64_t count,
                                      Location where) const {
  if (!has_parts_ || !variables_.contains(name + "/part_0")) return;
  const std::string last = str(name, "/part_", count - 1), extra = str(name, "/part_", count);
  require<ValueError>(variables_.contains(last), ErrorKind::partition_mismatch,
                      "Partitioner returned a different partitioning than what was already found. "
                      "Partitioner returned ",
                      count, " shards, and shard ", name, "/part_0 was found, but ", last,
                      " was not. Asked for at ", where, ".");
  require<ValueError>(!variables_.contains(extra), ErrorKind::partition_mismatch,
                      "Partitioner returned a different partitioning than what was already found. "
                      "Partitioner returned ",
                      count, " shards, and shard ", name,
                      "/part_0 was found, but so was the extra "
                      "shard ",
                      extra, ". Asked for at ", where, ".");
}

Variable VariableStore::make_part(const std::string& name, int index, const Shape& full_shape,
                                  const Sizes& offset, const Shape& part_shape,
                                  const GetVariableOptions& options, Location where) {
  for (size_t axis = 0; axis < offset.size(); ++axis) {
    const int64_t size = full_shape[static_cast<int>(axis)];
    require<ValueError>(offset[axis] < size, ErrorKind::bad_partitioner,
                        "Expected 0 <= offset < shape but found offset=", offset[axis],
                        ", shape=", size, " for var_offset=", told(offset),
                        ", full_shape=", full_shape, ": variable ", name,
                        " has fewer rows than parts. Asked for at ", where, ".");
  }
  const PartitionInfo info{full_shape, offset};
  const std::string part_name = str(name, "/part_", index);
  GetVariableOptions part = options;
  part.partitioner = nullptr;
  part.shape = part_shape;
  {
    const Context names = enter_name_scope(part_name + "/PartitionedInitializer").first;
    if (options.initializer.is_value()) {
      const Output whole = whole_value(options.initializer, options.dtype.value_or(float32));
      const Output value =
          slice(whole, offset, Sizes(part_shape.sizes().begin(), part_shape.sizes().end()));
      part.initializer = value;
      part.dtype = value.dtype();
      part.shape = Shape::unknown();
    }
  }
  const Context root = enter_name_scope("").first;
  const Variable variable = get_single(part_name, part, &info, where);
  VariableState& state = *variable.state();
  state.slice_info = Variable::SliceInfo{
      name, full_shape, offset, Sizes(part_shape.sizes().begin(), part_shape.sizes().end())};
  return variable;
}

}  // namespace tenon::internal
