#include "cuda/process_end.h"

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

}  // namespace tenon::cuda
