// Cross entropy of logits with labels, dense or sparse: the loss of each row and its gradient.
#include "core/kernels/nn_arguments.h"
#include "cuda/row_softmax.h"
#include "cuda/typed_access.h"

namespace tenon::cuda {

using internal::Rows;
using internal::RowSteps;

namespace {

template <typename T>
__global__ void dense_loss(const T* logits, const T* labels, T* losses, T* gradients, Rows rows,
                           RowSteps logit_steps, RowSteps label_steps, int team_threads) {
  using C = Compute<T>;
  const Team team(team_threads);
  team.for_each(rows.count, [&](int64_t row) {
    const auto x = [&](int64_t i) {
      return widened(logits[row * logit_steps.row + i * logit_steps.column]);
    };
    const auto label = [&](int64_t i) {
      return widened(labels[row * label_steps.row + i * label_steps.column]);
    };
    const RowSums<C> sums = sum_row<C>(team, rows.columns, x);
    const C scale = static_cast<C>(1 / sums.sum);
    double weighted = 0, weights = 0;
    for (int64_t i = team.rank(); i < rows.columns; i += team.size()) {
      const C weight = label(i);
      if (weight != 0) weighted += static_cast<double>(weight) * static_cast<double>(x(i));
      weights += static_cast<double>(weight);
      gradients[row * rows.columns + i] =
          static_cast<T>(scalar::Exp()(x(i) - sums.max) * scale - weight);
    }
    weighted = team.reduce(weighted, scalar::Add());
    weights = team.reduce(weights, scalar::Add());
    if (team.rank() != 0) return;
    const double log_sum = log(sums.sum) + static_cast<double>(sums.max);
    losses[row] =
        static_cast<T>(static_cast<C>(rows.columns == 0 ? 0 : weights * log_sum - weighted));
  });
}

template <typename T>
Kernel prepare_dense(const KernelRequest& request) {
  const Rows rows = internal::loss_rows(request);
  const RowSteps logits = internal::row_steps(request.input_shape(0), rows);
  const RowSteps labels = internal::row_steps(request.input_shape(1), rows);
  const int team = team_size(rows.columns);
  return {.launch = [=](const Launch& args) {
    if (rows.count == 0) return;
    dense_loss<T><<<blocks_for(rows.count * team), kThreads, 0, stream(args)>>>(
        args.input<T>(0), args.input<T>(1), args.output<T>(0), args.output<T>(1), rows, logits,
        labels, team);
    check_launch("dense_loss");
  }};
}

// A label out of range gives NaN, the loss and the gradient, as on TensorFlow's GPUs. (The CPU
// throws: a launch can't.)
template <typename T>
__global__ void sparse_loss(const T* logits, const void* labels, DType label_dtype, T* losses,
                            T* gradients, Rows rows, int team_threads) {
  using C = Compute<T>;
  const Team team(team_threads);
  team.for_each(rows.count, [&](int64_t row) {
    const auto x = [&](int64_t i) { return widened(logits[row * rows.columns + i]); };
    const auto label = load_as<int64_t>(label_dtype, labels, row);
    const bool valid = label >= 0 && label < rows.columns;
    const RowSums<C> sums = sum_row<C>(team, rows.columns, x);
    const C scale = static_cast<C>(1 / sums.sum), nan = std::numeric_limits<C>::quiet_NaN();
    for (int64_t i = team.rank(); i < rows.columns; i += team.size()) {
      const C gradient = scalar::Exp()(x(i) - sums.max) * scale - static_cast<C>(i == label);
      gradients[row * rows.columns + i] = static_cast<T>(valid ? gradient : nan);
    }
    if (team.rank() != 0) return;
    C loss = nan;
    if (valid) {
      const double above = static_cast<double>(x(label)) - static_cast<double>(sums.max);
      loss = static_cast<C>(log(sums.sum) - above);
    }
    losses[row] = static_cast<T>(loss);
  });
}

template <typename T>
Kernel prepare_sparse(const KernelRequest& request) {
  const Rows rows = internal::sparse_loss_rows(request);
  const DType label_dtype = request.input_dtype(1);
  const int team = team_size(rows.columns);
  return {.launch = [=](const Launch& args) {
    if (rows.count == 0) return;
    sparse_loss<T><<<blocks_for(rows.count * team), kThreads, 0, stream(args)>>>(
        args.input<T>(0), args.inputs[1], label_dtype, args.output<T>(0), args.output<T>(1), rows,
        team);
    check_launch("sparse_loss");
  }};
}

}  // namespace

void register_nn_loss(KernelRegistry& kernels) {
  for_types(AllFloats(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("SoftmaxCrossEntropyWithLogits", kDType<T>, prepare_dense<T>);
    kernels.add("SparseSoftmaxCrossEntropyWithLogits", kDType<T>, prepare_sparse<T>);
  });
}

}  // namespace tenon::cuda
