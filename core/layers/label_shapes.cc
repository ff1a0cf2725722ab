#include "core/layers/label_shapes.h"

#include "core/base/check.h"
#include "tenon/array_ops.h"
#include "tenon/error.h"
#include "tenon/math_ops.h"
#include "tenon/shape.h"

namespace tenon::internal {
namespace {

bool may_be_one(const Shape& shape) {
  const int64_t last = shape[shape.rank() - 1];
  return last == 1 || last < 0;
}

}  // namespace

void require_one_shape(const Output& predictions, const Output& labels) {
  require<ValueError>(predictions.shape().compatible_with(labels.shape()),
                      ErrorKind::shape_incompatible, "Shapes ", predictions.shape(), " and ",
                      labels.shape(), " are incompatible: of ", predictions.name(), " and ",
                      labels.name(), ".");
}

void require_broadcastable(const Output& weights, const Output& values) {
  const Shape given = weights.shape(), wanted = values.shape();
  if (!given.has_rank() || !wanted.has_rank() || given.rank() == 0) return;
  require<ValueError>(given.rank() == wanted.rank(), ErrorKind::shape_incompatible,
                      "weights can not be broadcast to values. values.rank=", wanted.rank(),
                      ". weights.rank=", given.rank(), ". values.shape=", wanted,
                      ". weights.shape=", given, ".");
  if (!given.fully_defined() || !wanted.fully_defined()) return;
  for (int i = 0; i < wanted.rank(); ++i) {
    require<ValueError>(given[i] == 1 || given[i] == wanted[i], ErrorKind::shape_incompatible,
                        "weights can not be broadcast to values. Mismatch at dim ", i,
                        ". values.shape=", wanted, ", weights.shape=", given, ".");
  }
}

Output fitted_weights(const Output& weights, const Output& values) {
  require_broadcastable(weights, values);
  const Shape given = weights.shape();
  const bool known =
      given.has_rank() &&
      (given.rank() == 0 || (given.fully_defined() && values.shape().fully_defined()));
  return known ? weights : broadcast_to(weights, shape(values));
}

Output broadcast_weights(const Output& weights, const Output& values) {
  const Output fitted = fitted_weights(cast(weights, values.dtype()), values);
  if (fitted.shape().fully_defined() && fitted.shape() == values.shape()) return fitted;
  return multiply(fitted, ones_like(values));
}

void remove_squeezable_dimensions(Output& labels, Output& predictions, int expected) {
  const Shape of_labels = labels.shape(), of_predictions = predictions.shape();
  if (!of_labels.has_rank() || !of_predictions.has_rank()) return;
  const int more = of_predictions.rank() - of_labels.rank();
  if (more == expected + 1 && may_be_one(of_predictions)) {
    predictions = squeeze(predictions, -1);
  } else if (more == expected - 1 && may_be_one(of_labels)) {
    labels = squeeze(labels, -1);
  }
}

}  // namespace tenon::internal
