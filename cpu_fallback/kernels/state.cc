// CountUpTo: one more in a variable, until a limit. (Assignments need no kernels: updates are
// elementwise, and plans assign.)
#include "core/base/check.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

template <typename T>
Kernel prepare_count_up_to(const KernelRequest& request) {
  const auto limit = request.attrs->get<int64_t>("limit");
  return {.launch = [limit](const Launch& args) {
    T* count = args.mutable_input<T>(0);
    require<OutOfRangeError>(*count < limit, ErrorKind::limit_reached, "Reached limit of ", limit);
    *args.output<T>(0) = *count;
    *count = static_cast<T>(*count + 1);
  }};
}

}  // namespace

void register_state(KernelRegistry& kernels) {
  for (const char* op : {"CountUpTo", "ResourceCountUpTo"}) {
    kernels.add(op, int32, prepare_count_up_to<int32_t>);
    kernels.add(op, int64, prepare_count_up_to<int64_t>);
  }
}

}  // namespace tenon::cpu
