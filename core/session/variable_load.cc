// Variable::load: a value put into a variable from outside the graph.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/session/session_state.h"
#include "core/tensor/buffer.h"
#include "tenon/variable.h"

namespace tenon {
namespace {

int64_t product(std::span<const int64_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), int64_t{1}, std::multiplies<>());
}

// What a part that begins at `offset` in the whole has of the whole's value.
Tensor share_of(const Tensor& whole, const std::vector<int64_t>& offset, const Shape& shape) {
  int axis = 0;
  while (axis + 1 < shape.rank() && shape[axis] == whole.shape()[axis]) ++axis;
  const int64_t rows = product(whole.shape().sizes().first(static_cast<size_t>(axis)));
  const int64_t inner = product(shape.sizes().subspan(static_cast<size_t>(axis) + 1));
  const int64_t length = shape[axis] * inner, stride = whole.shape()[axis] * inner;
  const int64_t first = offset[static_cast<size_t>(axis)] * inner;
  Tensor share = internal::uninitialized_tensor(whole.dtype(), shape);
  for (int64_t row = 0; row < rows; ++row) {
    const auto from = static_cast<size_t>(row * stride + first);
    const auto to = static_cast<size_t>(row * length), count = static_cast<size_t>(length);
    if (whole.dtype() == string) {
      const auto values = whole.data<std::string>().subspan(from, count);
      std::copy(values.begin(), values.end(),
                share.mutable_data<std::string>().subspan(to).begin());
    } else if (count != 0) {
      const size_t size = size_of(whole.dtype());
      std::memcpy(static_cast<char*>(share.raw()) + to * size,
                  static_cast<const char*>(whole.raw()) + from * size, count * size);
    }
  }
  return share;
}

}  // namespace

void Variable::load(const Tensor& value, Session& session) const {
  using internal::require;
  require<ValueError>(!is_tensor(), ErrorKind::not_a_variable, "'", name(),
                      "' is a tensor that a custom getter made, not a variable: no value can be "
                      "loaded into it");
  const std::string fed = is_partitioned()
                              ? std::string()
                              : internal::str(" for Tensor ", initializer().input(1).name());
  require<ValueError>(shape().compatible_with(value.shape()), ErrorKind::bad_feed_shape,
                      "Cannot feed value of shape ", value.shape(), fed, " for variable '", name(),
                      "', which has shape '", shape(), "'");
  require<ValueError>(dtype() == value.dtype(), ErrorKind::bad_feed, "Cannot feed value of dtype ",
                      value.dtype(), " for variable '", name(), "', which has dtype ", dtype());
  if (!is_partitioned()) {
    const Operation initialize = initializer();
    session.run(initialize, {{initialize.input(1), value}});
    return;
  }
  std::vector<Fetch> initializers;
  Feeds shares;
  std::vector<int64_t> offset(partitions().size(), 0);
  const std::vector<int64_t> cuts = partitions();
  const auto axis = static_cast<size_t>(std::max_element(cuts.begin(), cuts.end()) - cuts.begin());
  for (const Variable& part : parts()) {
    const Operation initialize = part.initializer();
    initializers.emplace_back(initialize);
    shares.push_back({initialize.input(1), share_of(value, offset, part.shape())});
    offset[axis] += part.shape()[static_cast<int>(axis)];
  }
  session.run(initializers, shares);
}

}  // namespace tenon
