#include <algorithm>

#include "cuda/reduction.h"

namespace tenon::cuda {
namespace {

constexpr int64_t kPieceElements = 4096, kWantedPieces = 2048;

}  // namespace

ReductionPieces::ReductionPieces(const internal::ReducedAxes& axes)
    : count(axes.inner_reduced ? axes.rows * axes.inner : axes.rows) {
  const int64_t unit = axes.inner_reduced ? 1 : std::min(axes.width, kColumns);
  const int64_t across = axes.inner_reduced ? 1 : (axes.width + kColumns - 1) / kColumns;
  const int64_t pieces = axes.groups * across;
  const int64_t most = count / std::max<int64_t>(1, kPieceElements / std::max<int64_t>(unit, 1));
  const int64_t wanted = kWantedPieces / std::max<int64_t>(pieces, 1);
  const int64_t cuts = std::max<int64_t>(1, std::min(most, wanted));
  length = std::max<int64_t>(1, (count + cuts - 1) / cuts);
  segments = std::max<int64_t>(1, (count + length - 1) / length);
}

}  // namespace tenon::cuda
