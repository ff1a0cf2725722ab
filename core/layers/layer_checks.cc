#include "core/layers/layer_checks.h"

#include <algorithm>
#include <cctype>

#include "core/base/check.h"
#include "core/graph/static_value.h"
#include "tenon/array_ops.h"
#include "tenon/error.h"

namespace tenon::internal {

void require_rank_at_least(const Output& inputs, int least, const std::string& layer) {
  const Shape shape = inputs.shape();
  require<ValueError>(!shape.has_rank() || shape.rank() >= least, ErrorKind::shape_incompatible,
                      "Input 0 of layer \"", layer, "\" is incompatible with the layer: expected ",
                      "min_ndim=", least, ", found ndim=", shape.rank(),
                      ". Full shape received: ", shape, ".");
}

void require_rank(const Output& inputs, int rank, const std::string& layer) {
  const Shape shape = inputs.shape();
  require<ValueError>(!shape.has_rank() || shape.rank() == rank, ErrorKind::shape_incompatible,
                      "Input 0 of layer \"", layer, "\" is incompatible with the layer: expected ",
                      "ndim=", rank, ", found ndim=", shape.rank(),
                      ". Full shape received: ", shape, ".");
}

int64_t channels_of(const Output& inputs, const std::string& layer) {
  const Shape shape = inputs.shape();
  require<ValueError>(shape.has_rank() && shape.rank() > 0 && shape.back() >= 0,
                      ErrorKind::shape_incompatible, "The last dimension of the inputs to layer \"",
                      layer, "\" should be defined. The input ", inputs.name(), " has shape ",
                      shape, ".");
  return shape.back();
}

std::string padding_of(const std::string& padding) {
  std::string upper = padding;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  require<ValueError>(upper == "VALID" || upper == "SAME", ErrorKind::bad_argument,
                      "The `padding` argument must be \"valid\" or \"same\". Received: ", padding,
                      ".");
  return upper;
}

Input size_of(const Output& tensor, int axis) {
  const int64_t size = tensor.shape()[axis];
  if (size >= 0) return static_cast<int32_t>(size);
  return shape(tensor)[axis];
}

std::optional<bool> known_truth(const Input& training) {
  if (training.is_output()) return {};
  return training.value().scalar<bool>();
}

}  // namespace tenon::internal
