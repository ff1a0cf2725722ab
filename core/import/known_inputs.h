// Inputs of imported operations that must be known while the graph is built.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/check.h"
#include "core/graph/endpoint.h"
#include "core/graph/static_value.h"
#include "core/import/expansions.h"
#include "tenon/tensor.h"

namespace tenon::internal {

// A tensor of integers, where the graph knows it.
inline std::optional<std::vector<int64_t>> integers_if_known(const ExpandedNode& node,
                                                             size_t input) {
  const Tensor value = constant_value(endpoint_of(node.inputs[input]));
  if (!value) return std::nullopt;
  if (value.dtype() == DType::int64) return value.to_vector<int64_t>();
  const std::vector<int32_t> narrow = value.to_vector<int32_t>();
  return std::vector<int64_t>(narrow.begin(), narrow.end());
}

// The same, which the graph must know.
inline std::vector<int64_t> known_integers(const ExpandedNode& node, size_t input,
                                           const char* what) {
  const auto known = integers_if_known(node, input);
  require<UnimplementedError>(known.has_value(), ErrorKind::no_kernel, "Node '", node.name,
                              "': its ", what, " must be a constant");
  return *known;
}
inline int64_t known_integer(const ExpandedNode& node, size_t input, const char* what) {
  const std::vector<int64_t> all = known_integers(node, input, what);
  require<ValueError>(all.size() == 1, ErrorKind::bad_argument, "Node '", node.name, "': its ",
                      what, " must be one number");
  return all[0];
}

// What an expansion gives that hands out these outputs.
template <auto kMake>
Expanded outputs_of_expansion(const ExpandedNode& node) {
  std::vector<Output> outputs = kMake(node);
  const Operation op = outputs.front().op();
  return {op, std::move(outputs)};
}

}  // namespace tenon::internal
