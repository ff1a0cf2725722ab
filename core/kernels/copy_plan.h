// Operations that only move elements, as lists of boxes to copy: what slices, transposes,
// concatenations and paddings are made of, on every backend.
#pragma once

#include <cstdint>
#include <vector>

#include "core/kernels/kernel_arguments.h"

namespace tenon::internal {

// Element (i0, i1, ...) of a box of these sizes is taken at the sum of i * from and put at the sum
// of i * to. Strides are in elements, and may be 0 or negative.
struct CopyAxes {
  struct Axis {
    int64_t size, from, to;
  };
  std::vector<Axis> axes;  // the outermost first, at least one; those that lie on are joined
  int64_t count = 1;       // elements

  CopyAxes(const std::vector<int64_t>& sizes, const std::vector<int64_t>& from,
           const std::vector<int64_t>& to);
};

// One box, from an input to an output, from offsets in elements on.
struct CopyPart {
  int input = 0, output = 0;
  int64_t from_offset = 0, to_offset = 0;
  CopyAxes axes;
};

struct CopyPlan {
  std::vector<CopyPart> parts;
  // Whether the (one) output is filled first: with the one element of input `fill_input`, or with
  // zeros where that is -1.
  bool fill = false;
  int fill_input = -1;
  // Whether the parts are put into the variable that is input 0, instead of an output.
  bool into_variable = false;

  // The dtype of what is moved.
  DType dtype(const KernelRequest& request) const {
    return request.input_dtype(parts.front().input);
  }
};

using CopyPlanner = CopyPlan (*)(const KernelRequest& request);

// Each of these throws InvalidArgumentError (bad_argument, shape_incompatible) for arguments that
// don't fit the shapes.
CopyPlan plan_concat(const KernelRequest& request);   // ConcatV2
CopyPlan plan_split(const KernelRequest& request);    // Split
CopyPlan plan_split_v(const KernelRequest& request);  // SplitV
CopyPlan plan_pack(const KernelRequest& request);
CopyPlan plan_unpack(const KernelRequest& request);
CopyPlan plan_slice(const KernelRequest& request);
CopyPlan plan_strided_slice(const KernelRequest& request);
CopyPlan plan_strided_slice_grad(const KernelRequest& request);
CopyPlan plan_strided_slice_assign(const KernelRequest& request);
CopyPlan plan_pad(const KernelRequest& request);  // Pad, PadV2
CopyPlan plan_tile(const KernelRequest& request);
CopyPlan plan_transpose(const KernelRequest& request);
CopyPlan plan_broadcast(const KernelRequest& request);  // BroadcastTo
CopyPlan plan_matrix_diag(const KernelRequest& request);
CopyPlan plan_matrix_diag_part(const KernelRequest& request);

// A transpose that turns each of a batch of matrices around; batch 0 where it is another one.
struct MatrixTranspose {
  int64_t batch = 0, rows = 0, columns = 0;
};
MatrixTranspose as_matrix_transpose(const KernelRequest& request);

}  // namespace tenon::internal
