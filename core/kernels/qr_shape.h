// What decompositions Q * R read from their requests.
#pragma once

#include "core/base/check.h"
#include "core/kernels/host_device.h"
#include "core/kernels/kernel_arguments.h"

namespace tenon::internal {

struct QrShape {
  int64_t batch, rows, columns;
  bool full;
  TENON_HOST_DEVICE int64_t steps() const { return rows < columns ? rows : columns; }
  TENON_HOST_DEVICE int64_t inner() const { return full ? rows : steps(); }  // columns of q
};

// Throws InvalidArgumentError (shape_incompatible).
inline QrShape qr_shape(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  require(shape.rank() >= 2, ErrorKind::shape_incompatible,
          "Input must have rank >= 2 to have a QR decomposition, got ", shape);
  return {.batch = count_between(shape, 0, shape.rank() - 2),
          .rows = shape[-2],
          .columns = shape[-1],
          .full = request.attrs->get_or("full_matrices", false)};
}

}  // namespace tenon::internal
