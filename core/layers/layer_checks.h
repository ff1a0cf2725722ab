// What layers ask of their inputs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tenon/graph.h"

namespace tenon::internal {

// Throws ValueError (shape_incompatible) when the rank is known and below `least`, or not `rank`.
void require_rank_at_least(const Output& inputs, int least, const std::string& layer);
void require_rank(const Output& inputs, int rank, const std::string& layer);

// The size of the last axis. Throws ValueError (shape_incompatible) where it isn't known.
int64_t channels_of(const Output& inputs, const std::string& layer);

// "valid" or "same", in any case, as operations say it. Throws ValueError (bad_argument) for
// others.
std::string padding_of(const std::string& padding);

// The sizes of an axis: the number where it is known, else a scalar of the run.
Input size_of(const Output& tensor, int axis);

// What a scalar that says whether a layer trains is known to be; nothing where a run says it.
std::optional<bool> known_truth(const Input& training);

}  // namespace tenon::internal
