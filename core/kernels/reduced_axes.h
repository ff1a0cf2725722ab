// Which axes a reduction goes over, and the shape as reductions see it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/check.h"
#include "core/kernels/kernel_arguments.h"

namespace tenon::internal {

// Of each axis of input 0, whether the axes in input 1 name it.
inline std::vector<bool> named_axes(const KernelRequest& request) {
  const int rank = request.input_shape(0).rank();
  std::vector<bool> reduced(static_cast<size_t>(rank), false);
  for (const int64_t axis : integers(request, 1)) {
    reduced[static_cast<size_t>(resolve_axis(axis, rank))] = true;
  }
  return reduced;
}

// The axes along which `to` was broadcast to `from`. Throws InvalidArgumentError
// (shape_incompatible) when it can't have been.
inline std::vector<bool> broadcast_axes(const Shape& from, const Shape& to) {
  std::vector<bool> reduced(static_cast<size_t>(from.rank()), false);
  const int missing = from.rank() - to.rank();
  bool fits = missing >= 0;
  for (int i = 0; fits && i < from.rank(); ++i) {
    const int64_t size = i < missing ? 1 : to[i - missing];
    fits = size == from[i] || size == 1;
    reduced[static_cast<size_t>(i)] = size != from[i];
  }
  require(fits, ErrorKind::shape_incompatible, "Incompatible shapes: ", to,
          " can't be broadcast to ", from);
  return reduced;
}

// Neighbouring axes that are all kept, or all reduced, joined to one. The innermost one stands
// apart: its elements are `inner` numbers side by side.
struct ReducedAxes {
  struct Axis {
    int64_t size, stride;
  };
  std::vector<Axis> kept, reduced;  // the innermost first
  int64_t inner = 1;
  bool inner_reduced = false;
  int64_t groups = 1;    // combinations of the kept axes
  int64_t rows = 1;      // combinations of the reduced axes
  int64_t width = 1;     // results in a group: inner, unless it is reduced
  int64_t elements = 1;  // reduced to one result

  ReducedAxes(const Shape& shape, const std::vector<bool>& is_reduced) {
    struct Joined {
      int64_t size;
      bool reduced;
    };
    std::vector<Joined> axes;
    for (int i = 0; i < shape.rank(); ++i) {
      const bool goes = is_reduced[static_cast<size_t>(i)];
      if (goes) elements *= shape[i];
      if (shape[i] == 1) continue;
      if (!axes.empty() && axes.back().reduced == goes) {
        axes.back().size *= shape[i];
      } else {
        axes.push_back({shape[i], goes});
      }
    }
    if (!axes.empty()) {
      inner = axes.back().size;
      inner_reduced = axes.back().reduced;
      axes.pop_back();
    }
    int64_t stride = inner;
    for (size_t i = axes.size(); i-- > 0; stride *= axes[i].size) {
      (axes[i].reduced ? reduced : kept).push_back({axes[i].size, stride});
      (axes[i].reduced ? rows : groups) *= axes[i].size;
    }
    width = inner_reduced ? 1 : inner;
  }
};

}  // namespace tenon::internal
