// What the kernels of this module share.
#pragma once

#include "core/backend/backend.h"
#include "core/kernels/cpu_queue.h"
#include "onednn/primitive.h"

namespace tenon::onednn {

using internal::Kernel;
using internal::KernelRequest;
using internal::Launch;

inline constexpr const char* kModule = "onednn";

// A kernel that can't run: that of the CPU backend is used instead.
inline Kernel declined() { return {}; }

// Prepares, and declines what oneDNN has no fit primitive for.
template <Kernel (*prepare)(const KernelRequest&)>
Kernel declining(const KernelRequest& request) {
  try {
    return prepare(request);
  } catch (const dnnl::error&) {
    return declined();
  }
}

// Whether the epilogue is one that the kernels here know: a bias, then relu, relu6 or nothing.
inline bool knows(const internal::Epilogue& epilogue) {
  return epilogue.activation == internal::Activation::kNone ||
         epilogue.activation == internal::Activation::kRelu ||
         epilogue.activation == internal::Activation::kRelu6;
}

// oneDNN's own relu would turn NaN into 0.
inline void activate(internal::Activation activation, float* values, int64_t count) {
  if (activation == internal::Activation::kNone) return;
  for (int64_t i = 0; i < count; ++i) values[i] = values[i] < 0 ? 0 : values[i];
  if (activation == internal::Activation::kRelu) return;
  for (int64_t i = 0; i < count; ++i) values[i] = values[i] > 6 ? 6 : values[i];
}

// The workspace of a kernel, cut into parts that start aligned.
class Workspace {
 public:
  // Returns where the part begins.
  size_t add(size_t bytes) {
    const size_t at = bytes_;
    bytes_ += (bytes + 63) / 64 * 64;
    return at;
  }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_ = 0;
};

inline char* part(const Launch& args, size_t offset) {
  return static_cast<char*>(args.workspace) + offset;
}

inline uint64_t version(const Launch& args, int input) {
  return args.input_versions == nullptr ? 0 : args.input_versions[input];
}

}  // namespace tenon::onednn
