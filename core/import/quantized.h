// Operations on numbers of few bits, made of arithmetic.
#pragma once

#include <vector>

#include "core/import/expansions.h"

namespace tenon::internal {

// FakeQuantWithMinMaxArgs, FakeQuantWithMinMaxVars and FakeQuantWithMinMaxVarsPerChannel: what is
// left of numbers that so few bits hold. Gradients go to the inputs within the range, and to its
// ends from what is beyond.
std::vector<Output> fake_quant_of(const ExpandedNode& node);
// Dequantize: the numbers that integers stand for.
std::vector<Output> dequantize_of(const ExpandedNode& node);

}  // namespace tenon::internal
