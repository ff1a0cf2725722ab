// What a kernel may compute on its result before it is stored.
#pragma once

#include <cstdint>

namespace tenon::internal {

enum class Activation : uint8_t { kNone, kRelu, kRelu6, kElu, kTanh, kSigmoid, kLeakyRelu };

// activation(result + bias).
struct Epilogue {
  bool bias = false;  // the kernel's last input, one number for each element of the last dimension
  Activation activation = Activation::kNone;
  double alpha = 0.2;  // of kLeakyRelu
  bool empty() const { return !bias && activation == Activation::kNone; }
};

}  // namespace tenon::internal
