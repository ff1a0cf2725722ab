#include "cuda/process_end.h"

#include <cuda_runtime_api.h>

#include <atomic>
#include <cstdlib>

namespace tenon::cuda {
namespace {

std::atomic<bool> ends{false};

}  // namespace

void notice_the_end() {
  static_cast<void>(std::atexit([] { ends = true; }));
}

bool process_ends() noexcept { return ends; }

void forget_error() noexcept {
  if (!ends) static_cast<void>(cudaGetLastError());
}

}  // namespace tenon::cuda
