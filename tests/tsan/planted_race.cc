// A race on purpose: the pieces of one parallel loop count in a plain integer. The ThreadSanitizer
// job runs this, and fails unless the race is reported.
#include <cstdint>
#include <cstdio>

#include "core/base/parallel.h"

int main() {
  tenon::internal::ThreadPool pool(2);
  int64_t count = 0;
  pool.for_each(1 << 20, [&count](int64_t) { ++count; });
  std::printf("%lld\n", static_cast<long long>(count));
}
