// MatMul and BatchMatMulV2. Floating dtypes run on the tiled product, with bias and activation in
// its epilogue; integers by a plain loop.
#include <algorithm>

#include "core/kernels/matmul_arguments.h"
#include "cpu_fallback/gemm.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {

using internal::batch_pairs;
using internal::matrix_product;
using internal::MatrixProduct;

namespace {

// Products of matrices by a plain loop, sums in Sum; in the order of memory, row by row.
template <typename T, typename Sum>
void multiply_plainly(const MatrixProduct& p, const T* a, const T* b, T* c) {
  for (int64_t row = 0; row < p.m; ++row) {
    for (int64_t n = 0; n < p.n; ++n) {
      Sum sum{};
      for (int64_t k = 0; k < p.k; ++k) {
        const T x = p.transpose_a ? a[k * p.m + row] : a[row * p.k + k];
        const T y = p.transpose_b ? b[n * p.k + k] : b[k * p.n + n];
        sum += static_cast<Sum>(x) * static_cast<Sum>(y);
      }
      c[row * p.n + n] = static_cast<T>(sum);
    }
  }
}

template <typename T>
using PlainSum = std::conditional_t<std::is_integral_v<T>,
                                    std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>, float>;

// One matrix times another, at the addresses given.
template <typename T>
class Multiply {
 public:
  Multiply(const MatrixProduct& problem, const internal::Epilogue& epilogue)
      : problem_(problem),
        gemm_({.m = problem.m,
               .n = problem.n,
               .k = problem.k,
               .transpose_b = problem.transpose_b,
               .epilogue = epilogue}) {}

  // The right factor never changes.
  void keep(const Tensor& b) { gemm_.keep(b); }

  void operator()(internal::ThreadPool& pool, const T* a, const T* b, const T* bias, T* c) const {
    const MatrixRows<T> rows(a, problem_.transpose_a ? problem_.m : problem_.k,
                             problem_.transpose_a);
    gemm_.run(pool, rows, b, bias, c);
  }

 private:
  MatrixProduct problem_;
  Gemm<T> gemm_;
};

template <typename T>
class PlainMultiply {
 public:
  PlainMultiply(const MatrixProduct& problem, const internal::Epilogue&) : problem_(problem) {}

  void operator()(internal::ThreadPool&, const T* a, const T* b, const T*, T* c) const {
    multiply_plainly<T, PlainSum<T>>(problem_, a, b, c);
  }

 private:
  MatrixProduct problem_;
};

template <typename T, class M>
Kernel prepare_matmul(const KernelRequest& request) {
  M multiply(matrix_product(request, "transpose_a", "transpose_b"), request.epilogue);
  if constexpr (std::is_same_v<M, Multiply<T>>) {
    if (const Tensor& b = request.value(1)) multiply.keep(b);
  }
  const bool bias = request.epilogue.bias;
  return {.launch = [multiply, bias](const Launch& args) {
    multiply(pool(args), args.input<T>(0), args.input<T>(1), bias ? args.input<T>(2) : nullptr,
             args.output<T>(0));
  }};
}

template <typename T, class M>
Kernel prepare_batch_matmul(const KernelRequest& request) {
  const MatrixProduct p = matrix_product(request, "adj_x", "adj_y");
  const M multiply(p, {});
  const auto pairs = batch_pairs(request);
  return {.launch = [p, multiply, pairs](const Launch& args) {
    static internal::ThreadPool alone(1);
    const bool many = pairs.size() >= 4;  // one thread a matrix, or all threads on each
    const auto one = [&](int64_t i, internal::ThreadPool& threads) {
      const auto [a, b] = pairs[static_cast<size_t>(i)];
      multiply(threads, args.input<T>(0) + a * p.m * p.k, args.input<T>(1) + b * p.k * p.n, nullptr,
               args.output<T>(0) + i * p.m * p.n);
    };
    const auto count = static_cast<int64_t>(pairs.size());
    if (many) return pool(args).for_each(count, [&](int64_t i) { one(i, alone); });
    for (int64_t i = 0; i < count; ++i) one(i, pool(args));
  }};
}

template <typename T, class M>
void add_matmul(KernelRegistry& kernels, DType dtype, bool epilogues) {
  kernels.add("MatMul", dtype,
              {.prepare = prepare_matmul<T, M>, .epilogues = epilogues, .heavy = epilogues});
  kernels.add("BatchMatMulV2", dtype, prepare_batch_matmul<T, M>);
}

}  // namespace

void register_math_matmul(KernelRegistry& kernels) {
  add_matmul<float, Multiply<float>>(kernels, float32, true);
  add_matmul<double, Multiply<double>>(kernels, float64, true);
  add_matmul<Half, PlainMultiply<Half>>(kernels, float16, false);
  add_matmul<Bfloat16, PlainMultiply<Bfloat16>>(kernels, bfloat16, false);
  for_types(Types<int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t>(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add_matmul<T, PlainMultiply<T>>(kernels, dtype_of<T>, false);
  });
}

}  // namespace tenon::cpu
