// What an endpoint of the graph is.
#pragma once

#include <cstddef>

#include "core/graph/node.h"
#include "tenon/dtype.h"
#include "tenon/graph.h"
#include "tenon/shape.h"

namespace tenon::internal {

inline Endpoint endpoint_of(const Output& output) { return {output.op().node(), output.index()}; }

inline DType dtype_at(const Endpoint& endpoint) {
  return endpoint.node->output_dtypes[static_cast<size_t>(endpoint.index)];
}
inline const Shape& shape_at(const Endpoint& endpoint) {
  return endpoint.node->output_shapes[static_cast<size_t>(endpoint.index)];
}

}  // namespace tenon::internal
