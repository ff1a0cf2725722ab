// Random numbers. Included by tenon/ops.h, which says what all share.
//
// Every run draws new numbers. Which ones follows from the graph's seed and the operation's, as in
// TensorFlow: with either given, a session always draws the same sequence (on CPUs TensorFlow's own
// numbers); with neither, each session draws another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/op_arguments.h"

namespace tenon {

struct RandomUniformOptions {
  Input minval = 0;
  std::optional<Input> maxval = {};  // not included; left out: 1 (integers need it)
  DType dtype = float32;             // or float64, int32, int64
  std::optional<int64_t> seed = {};
  std::string name = {};
};
// Throws ValueError: dtype_incompatible for any other dtype, bad_argument for an integer one
// without maxval.
TENON_API Output random_uniform(Integers shape, const RandomUniformOptions& options = {});

struct RandomNormalOptions {
  Input mean = 0.0f;
  Input stddev = 1.0f;
  DType dtype = float32;  // or float64
  std::optional<int64_t> seed = {};
  std::string name = {};
};
TENON_API Output random_normal(Integers shape, const RandomNormalOptions& options = {});
// Values farther than two deviations from the mean are drawn again.
TENON_API Output truncated_normal(Integers shape, const RandomNormalOptions& options = {});

}  // namespace tenon
