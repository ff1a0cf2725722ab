// What the CPU's kernels share: names, and loops over the threads.
#pragma once

#include <cstdint>

#include "core/base/check.h"
#include "core/kernels/cpu_queue.h"
#include "core/kernels/kernel_arguments.h"
#include "cpu_fallback/half.h"

namespace tenon::cpu {

using internal::AroundAxis;
using internal::AttrMap;
using internal::broadcast_strides;
using internal::count_between;
using internal::Floats;
using internal::for_types;
using internal::integer;
using internal::integers;
using internal::Kernel;
using internal::KernelRegistration;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;
using internal::Numbers;
using internal::require;
using internal::resolve_axis;
using internal::row_major_strides;
using internal::Types;
using internal::UsualNumbers;

// a / b rounded up, of numbers that are not negative; 0 where b is.
inline int64_t quotient_up(int64_t a, int64_t b) { return b == 0 ? 0 : (a + b - 1) / b; }

// body(begin, end) over [0, rows), in pieces of some `work` elements where a row has `row` of them.
template <typename F>
void for_rows(const Launch& args, int64_t rows, int64_t row, F&& body, int64_t work = 16384) {
  const int64_t grain = row <= 0 ? rows : work / row;
  pool(args).for_range(rows, grain < 1 ? 1 : grain, body);
}

}  // namespace tenon::cpu
