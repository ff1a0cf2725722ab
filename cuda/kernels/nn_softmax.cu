// Softmax and LogSoftmax over the last axis.
#include "core/kernels/nn_arguments.h"
#include "cuda/row_softmax.h"

namespace tenon::cuda {
namespace {

template <typename T, bool kLog>
__global__ void softmax(const T* x, T* y, int64_t rows, int64_t columns, int team_threads) {
  using C = Compute<T>;
  const Team team(team_threads);
  team.for_each(rows, [&](int64_t row) {
    const T* from = x + row * columns;
    T* to = y + row * columns;
    const auto at = [&](int64_t i) { return widened(from[i]); };
    const RowSums<C> sums = sum_row<C>(team, columns, at);
    const C log_sum = static_cast<C>(log(sums.sum)), scale = static_cast<C>(1 / sums.sum);
    for (int64_t i = team.rank(); i < columns; i += team.size()) {
      const C shifted = at(i) - sums.max;
      to[i] = static_cast<T>(kLog ? shifted - log_sum : scalar::Exp()(shifted) * scale);
    }
  });
}

template <typename T, bool kLog>
Kernel prepare_softmax(const KernelRequest& request) {
  const auto rows = internal::softmax_rows(request);
  const int team = team_size(rows.columns);
  return {.launch = [=](const Launch& args) {
    if (rows.count == 0 || rows.columns == 0) return;
    softmax<T, kLog><<<blocks_for(rows.count * team), kThreads, 0, stream(args)>>>(
        args.input<T>(0), args.output<T>(0), rows.count, rows.columns, team);
    check_launch("softmax");
  }};
}

}  // namespace

void register_nn_softmax(KernelRegistry& kernels) {
  for_types(AllFloats(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("Softmax", kDType<T>, prepare_softmax<T, false>);
    kernels.add("LogSoftmax", kDType<T>, prepare_softmax<T, true>);
  });
}

}  // namespace tenon::cuda
