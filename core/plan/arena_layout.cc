#include "core/plan/arena_layout.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "core/base/id.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

size_t rounded(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

size_t most_live(const std::vector<LiveTensor>& tensors) {
  int last = 0;
  for (const LiveTensor& tensor : tensors) last = std::max(last, tensor.last);
  std::vector<int64_t> change(static_cast<size_t>(last) + 2, 0);
  for (const LiveTensor& tensor : tensors) {
    nth(change, tensor.first) += static_cast<int64_t>(tensor.bytes);
    nth(change, tensor.last + 1) -= static_cast<int64_t>(tensor.bytes);
  }
  int64_t live = 0, most = 0;
  for (const int64_t step : change) most = std::max(most, live += step);
  return static_cast<size_t>(most);
}

}  // namespace

ArenaLayout lay_out(std::vector<LiveTensor>& tensors) {
  for (LiveTensor& tensor : tensors) tensor.bytes = rounded(tensor.bytes);
  std::vector<size_t> by_size(tensors.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](size_t a, size_t b) { return tensors[a].bytes > tensors[b].bytes; });
  std::vector<const LiveTensor*> placed;  // by offset
  ArenaLayout layout;
  for (const size_t index : by_size) {
    LiveTensor& tensor = tensors[index];
    size_t offset = 0;
    for (const LiveTensor* other : placed) {
      if (other->last < tensor.first || other->first > tensor.last) continue;
      if (other->offset >= offset + tensor.bytes) break;
      offset = std::max(offset, other->offset + other->bytes);
    }
    tensor.offset = offset;
    const auto at = std::upper_bound(
        placed.begin(), placed.end(), offset,
        [](size_t value, const LiveTensor* other) { return value < other->offset; });
    placed.insert(at, &tensor);
    layout.bytes = std::max(layout.bytes, offset + tensor.bytes);
  }
  layout.live_bytes = most_live(tensors);
  return layout;
}

}  // namespace tenon::internal
