// ArgMax and ArgMin along an axis: the first of equals; NaN is passed over.
#include "cuda/typed_access.h"

namespace tenon::cuda {
namespace {

template <typename C>
struct Candidate {
  C value;
  int64_t index;
};

// Which of two comes first. The same whichever way round they are given.
template <typename C, bool kMax>
struct Better {
  __device__ Candidate<C> operator()(const Candidate<C>& a, const Candidate<C>& b) const {
    const bool a_nan = a.value != a.value, b_nan = b.value != b.value;
    if (a_nan != b_nan) return a_nan ? b : a;
    const bool equal = a_nan || a.value == b.value;
    if (equal) return a.index < b.index ? a : b;
    return (a.value > b.value) == kMax ? a : b;
  }
};

template <typename C, bool kMax>
__global__ void find_best(const void* x, DType dtype, void* out, bool narrow, int64_t results,
                          int64_t size, int64_t inner, int team_threads) {
  const Team team(team_threads);
  team.for_each(results, [&](int64_t i) {
    const int64_t first = i / inner * size * inner + i % inner;
    // Beyond the axis' end, threads begin with its first element.
    Candidate<C> best = {load_as<C>(dtype, x, first), 0};
    for (int64_t j = team.rank(); j < size; j += team.size()) {
      best = Better<C, kMax>()(best, {load_as<C>(dtype, x, first + j * inner), j});
    }
    best = team.reduce(best, Better<C, kMax>());
    if (team.rank() != 0) return;
    if (narrow) {
      static_cast<int32_t*>(out)[i] = static_cast<int32_t>(best.index);
    } else {
      static_cast<int64_t*>(out)[i] = best.index;
    }
  });
}

template <bool kMax>
Kernel prepare_arg(const KernelRequest& request) {
  const Shape& shape = request.input_shape(0);
  const int axis = resolve_axis(integer(request, 1), shape.rank());
  const AroundAxis around(shape, axis);
  const int64_t results = around.outer * around.inner;
  require(around.size > 0 || results == 0, ErrorKind::bad_argument, "Reduction axis ", axis,
          " is empty in shape ", shape);
  const DType dtype = request.input_dtype(0);
  // Neighbouring results read neighbouring elements; only a lone or long axis is shared.
  const int team = around.inner >= 32 && results >= 4096 ? 1 : team_size(around.size);
  const bool narrow = request.output_dtype(0) == DType::int32;
  auto* kernel = is_floating(dtype) ? find_best<double, kMax>
                 : dtype == uint64  ? find_best<uint64_t, kMax>
                                    : find_best<int64_t, kMax>;
  return {.launch = [=](const Launch& args) {
    if (results == 0) return;
    kernel<<<blocks_for(results * team), kThreads, 0, stream(args)>>>(
        args.inputs[0], dtype, args.outputs[0], narrow, results, around.size, around.inner, team);
    check_launch("find_best");
  }};
}

}  // namespace

void register_math_arg(KernelRegistry& kernels) {
  for (const DType dtype : {float32, float64, int32, int64, int8, uint8, int16, uint16, uint32,
                            uint64, bool_, float16, bfloat16}) {
    kernels.add("ArgMax", dtype, prepare_arg<true>);
    kernels.add("ArgMin", dtype, prepare_arg<false>);
  }
}

}  // namespace tenon::cuda
