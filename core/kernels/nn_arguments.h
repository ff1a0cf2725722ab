// What kernels of networks read from their requests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/kernels/kernel_arguments.h"
#include "core/kernels/window.h"

namespace tenon::internal {

// The axis of input 0 that a bias goes along. Throws InvalidArgumentError (shape_incompatible).
inline int channel_axis(const KernelRequest& request) {
  const int rank = request.input_shape(0).rank();
  require(rank >= 2, ErrorKind::shape_incompatible,
          "Input tensor must be at least 2D: ", request.input_shape(0));
  return request.attrs->get_or<std::string>("data_format", "NHWC") == "NCHW" ? 1 : rank - 1;
}

// The shape around the axis of a bias, input 1. Throws InvalidArgumentError (shape_incompatible).
inline AroundAxis around_channels(const KernelRequest& request) {
  const AroundAxis around(request.input_shape(0), channel_axis(request));
  require(request.input_shape(1) == Shape{around.size}, ErrorKind::shape_incompatible,
          "Must provide as many biases as the last dimension of the input tensor: ",
          request.input_shape(1), " vs. ", request.input_shape(0));
  return around;
}

// The axes that a bias's gradient is summed over: all but the channels'.
inline std::vector<bool> axes_without_channels(const KernelRequest& request) {
  std::vector<bool> summed(static_cast<size_t>(request.input_shape(0).rank()), true);
  summed[static_cast<size_t>(channel_axis(request))] = false;
  return summed;
}

// The windows of a pooling. Throws UnimplementedError for more than rows and columns.
inline Windows pool_windows(const KernelRequest& request, const Shape& image, const Shape& output) {
  const auto& ksize = request.attrs->get<std::vector<int64_t>>("ksize");
  require<UnimplementedError>(ksize.at(0) == 1 && ksize.at(3) == 1, ErrorKind::bad_argument,
                              "Pooling over the batch or the channels is not supported");
  return make_windows(*request.attrs, image, output, ksize[1], ksize[2]);
}

struct Rows {
  int64_t count, columns;
};

// The rows of logits of a loss, by its gradient's shape. Throws InvalidArgumentError
// (shape_incompatible).
inline Rows loss_rows(const KernelRequest& request) {
  const Shape& logits = request.output_shape(1);
  require(logits.rank() == 2, ErrorKind::shape_incompatible, "logits must be 2-dimensional, got ",
          logits);
  return {.count = logits[0], .columns = logits[1]};
}

// The same where input 1 has the number of a column for each row.
inline Rows sparse_loss_rows(const KernelRequest& request) {
  const Rows rows = loss_rows(request);
  require(request.input_shape(1).element_count() == rows.count, ErrorKind::shape_incompatible,
          "labels ", request.input_shape(1), " must be one for each row of logits ",
          request.input_shape(0));
  return rows;
}

// How far to go in an input that may be broadcast along either axis.
struct RowSteps {
  int64_t row, column;
};

// Throws InvalidArgumentError (shape_incompatible) for what can't be broadcast to these rows.
inline RowSteps row_steps(const Shape& shape, const Rows& rows) {
  const bool fits = shape.rank() == 2 && (shape[0] == rows.count || shape[0] == 1) &&
                    (shape[1] == rows.columns || shape[1] == 1);
  require(fits, ErrorKind::shape_incompatible, "logits and labels must be broadcastable: ", shape,
          " doesn't broadcast to ", Shape{rows.count, rows.columns});
  return {.row = shape[0] == 1 ? 0 : shape[1], .column = shape[1] == 1 ? 0 : 1};
}

// The rows that a softmax goes along: the last axis. Throws InvalidArgumentError
// (shape_incompatible).
inline Rows softmax_rows(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  require(shape.rank() >= 1, ErrorKind::shape_incompatible, "logits must have >= 1 dimension, got ",
          shape);
  return {.count = count_between(shape, 0, shape.rank() - 1), .columns = shape.back()};
}

}  // namespace tenon::internal
