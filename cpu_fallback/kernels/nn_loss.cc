// Cross entropy of logits with labels, dense or sparse: the loss of each row and its gradient.
#include "core/kernels/nn_arguments.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/row_softmax.h"

namespace tenon::cpu {

using internal::Rows;
using internal::RowSteps;

namespace {

template <typename T>
Kernel prepare_dense(const KernelRequest& request) {
  const Rows rows = internal::loss_rows(request);
  const RowSteps x_steps = internal::row_steps(request.input_shape(0), rows);
  const RowSteps label_steps = internal::row_steps(request.input_shape(1), rows);
  using C = scalar::Compute<T>;
  // Logits that are broadcast are first written out, into the gradient's place.
  return {.launch = [=, softmax = RowSoftmax<T>()](const Launch& args) {
    for_rows(args, rows.count, rows.columns * 4, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* x = args.input<T>(0) + row * x_steps.row;
        const T* labels = args.input<T>(1) + row * label_steps.row;
        T* gradient = args.output<T>(1) + row * rows.columns;
        if (x_steps.column == 0) {
          std::fill_n(gradient, rows.columns, x[0]);
          x = gradient;
        }
        // The exponentials overwrite the logits, of which each is used before.
        double weighted = 0, weights = 0;
        const auto result = softmax.run(x, rows.columns, [&](int64_t i, C e) {
          const auto label = static_cast<C>(labels[i * label_steps.column]);
          if (label != 0)
            weighted += static_cast<double>(label) * static_cast<double>(static_cast<C>(x[i]));
          weights += static_cast<double>(label);
          gradient[i] = static_cast<T>(e);
        });
        const double log_sum = std::log(result.sum) + static_cast<double>(result.max);
        *(args.output<T>(0) + row) =
            static_cast<T>(static_cast<C>(rows.columns == 0 ? 0 : weights * log_sum - weighted));
        const C scale = static_cast<C>(1 / result.sum);
        for (int64_t i = 0; i < rows.columns; ++i) {
          const auto label = static_cast<C>(labels[i * label_steps.column]);
          gradient[i] = static_cast<T>(static_cast<C>(gradient[i]) * scale - label);
        }
      }
    });
  }};
}

template <typename Index>
void check_labels(const Index* labels, const Rows& rows) {
  for (int64_t row = 0; row < rows.count; ++row) {
    require(labels[row] >= 0 && labels[row] < rows.columns, ErrorKind::bad_argument,
            "Received a label value of ", labels[row], " which is outside the valid range of [0, ",
            rows.columns, ").");
  }
}

template <typename T, typename Index>
Kernel prepare_sparse(const KernelRequest& request) {
  const Rows rows = internal::sparse_loss_rows(request);
  using C = scalar::Compute<T>;
  return {.launch = [rows, softmax = RowSoftmax<T>()](const Launch& args) {
    const Index* labels = args.input<Index>(1);
    check_labels(labels, rows);
    for_rows(args, rows.count, rows.columns * 4, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const T* x = args.input<T>(0) + row * rows.columns;
        T* gradient = args.output<T>(1) + row * rows.columns;
        const auto label = static_cast<int64_t>(labels[row]);
        const double logit = static_cast<double>(static_cast<C>(x[label]));
        const auto result = softmax.run(
            x, rows.columns, [gradient](int64_t i, C e) { gradient[i] = static_cast<T>(e); });
        *(args.output<T>(0) + row) = static_cast<T>(
            static_cast<C>(std::log(result.sum) - (logit - static_cast<double>(result.max))));
        const C scale = static_cast<C>(1 / result.sum);
        for (int64_t i = 0; i < rows.columns; ++i) {
          gradient[i] =
              static_cast<T>(static_cast<C>(gradient[i]) * scale - static_cast<C>(i == label));
        }
      }
    });
  }};
}

template <typename T>
Kernel prepare_sparse_any(const KernelRequest& request) {
  return request.input_dtype(1) == DType::int32 ? prepare_sparse<T, int32_t>(request)
                                                : prepare_sparse<T, int64_t>(request);
}

template <typename T>
void add_loss(KernelRegistry& kernels, DType dtype) {
  kernels.add("SoftmaxCrossEntropyWithLogits", dtype, prepare_dense<T>);
  kernels.add("SparseSoftmaxCrossEntropyWithLogits", dtype, prepare_sparse_any<T>);
}

}  // namespace

void register_nn_loss(KernelRegistry& kernels) {
  add_loss<float>(kernels, float32);
  add_loss<double>(kernels, float64);
  add_loss<Half>(kernels, float16);
  add_loss<Bfloat16>(kernels, bfloat16);
}

}  // namespace tenon::cpu
