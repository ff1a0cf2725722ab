// MatMul and BatchMatMulV2. Floating dtypes by cuBLASLt, with bias and relu on the way out;
// integers by a tiled kernel.
#include "cuda/epilogue.h"
#include "cuda/kernel_support.h"
#include "cuda/matmul.h"

namespace tenon::cuda {
namespace {

using internal::MatrixProduct;

// The matrices of a batch, as runs of equal length along which each input goes on by one matrix,
// or stays.
struct Batches {
  struct Run {
    int64_t a, b, out;  // matrices at which it starts
  };
  std::vector<Run> runs;
  int64_t length = 1;
  int64_t a_step = 0, b_step = 0;
};

Batches batches_of(const KernelRequest& request) {
  const auto pairs = internal::batch_pairs(request);
  const auto count = static_cast<int64_t>(pairs.size());
  const auto at = [&](int64_t i) { return pairs[static_cast<size_t>(i)]; };
  Batches batches;
  if (count > 1) {
    batches.a_step = at(1).first - at(0).first;
    batches.b_step = at(1).second - at(0).second;
    const bool steps_fit = batches.a_step >= 0 && batches.b_step >= 0;
    const auto goes_on = [&](int64_t i) {
      return at(i).first - at(i - 1).first == batches.a_step &&
             at(i).second - at(i - 1).second == batches.b_step;
    };
    while (steps_fit && batches.length < count && goes_on(batches.length)) ++batches.length;
    // Every run must go alike.
    bool alike = count % batches.length == 0;
    for (int64_t i = 1; alike && i < count; ++i) alike = i % batches.length == 0 || goes_on(i);
    if (!alike) batches.length = 1;
  }
  for (int64_t i = 0; i < count; i += batches.length) {
    batches.runs.push_back({at(i).first, at(i).second, i});
  }
  return batches;
}

// ---- Floating numbers --------------------------------------------------------------------------

// A product of nothing: zeros, and what the epilogue makes of them.
Kernel empty_product(DType dtype, int64_t size, int64_t columns,
                     const internal::Epilogue& epilogue) {
  return {.launch = [=](const Launch& args) {
    if (size == 0) return;
    check(cudaMemsetAsync(args.outputs[0], 0, static_cast<size_t>(size) * size_of(dtype),
                          stream(args)),
          "cudaMemsetAsync");
    apply_epilogue(stream(args), dtype, args.outputs[0], epilogue.bias ? args.inputs[2] : nullptr,
                   size, columns, epilogue);
  }};
}

Kernel prepare_matmul(const KernelRequest& request) {
  const MatrixProduct p = internal::matrix_product(request, "transpose_a", "transpose_b");
  const DType dtype = request.input_dtype(0);
  const internal::Epilogue epilogue = request.epilogue;
  const int64_t size = p.m * p.n;
  if (size == 0 || p.k == 0) return empty_product(dtype, size, p.n, epilogue);
  const bool relu = epilogue.activation == internal::Activation::kRelu;
  const bool fits = relu || epilogue.activation == internal::Activation::kNone;
  const auto matmul = std::make_shared<const LtMatmul>(
      request, p, LtMatmul::Options{.dtype = dtype, .bias = fits && epilogue.bias, .relu = relu});
  return {.workspace_bytes = matmul->workspace_bytes(),
          .launch =
              [=](const Launch& args) {
                const void* bias = epilogue.bias ? args.inputs[2] : nullptr;
                matmul->run(args, args.inputs[0], args.inputs[1], bias, args.outputs[0]);
                if (matmul->has_epilogue()) return;
                apply_epilogue(stream(args), dtype, args.outputs[0], bias, size, p.n, epilogue);
              },
          .module = "cublaslt"};
}

Kernel prepare_batch_matmul(const KernelRequest& request) {
  const MatrixProduct p = internal::matrix_product(request, "adj_x", "adj_y");
  const DType dtype = request.input_dtype(0);
  const int64_t size = request.output_shape(0).element_count();
  if (size == 0 || p.k == 0) return empty_product(dtype, size, p.n, {});
  const Batches batches = batches_of(request);
  const auto matmul =
      std::make_shared<const LtMatmul>(request, p,
                                       LtMatmul::Options{.dtype = dtype,
                                                         .batch = batches.length,
                                                         .a_stride = batches.a_step * p.m * p.k,
                                                         .b_stride = batches.b_step * p.k * p.n});
  const auto bytes = static_cast<int64_t>(size_of(dtype));
  return {.workspace_bytes = matmul->workspace_bytes(),
          .launch =
              [=](const Launch& args) {
                for (const Batches::Run& run : batches.runs) {
                  matmul->run(args, args.input<char>(0) + run.a * p.m * p.k * bytes,
                              args.input<char>(1) + run.b * p.k * p.n * bytes, nullptr,
                              args.output<char>(0) + run.out * p.m * p.n * bytes);
                }
              },
          .module = "cublaslt"};
}

// ---- Integers ----------------------------------------------------------------------------------

constexpr int kTile = 16;

// A matrix whose elements lie `row` and `column` apart.
struct Strides {
  int64_t row, column;
};

// A block for each tile of the output. Overflow wraps.
template <typename T>
__global__ void multiply_integers(const T* a, const T* b, T* out, MatrixProduct p, Strides a_at,
                                  Strides b_at, int64_t batch, int64_t a_step, int64_t b_step) {
  using Sum = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  __shared__ T a_tile[kTile][kTile], b_tile[kTile][kTile];
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int64_t down = (p.m + kTile - 1) / kTile, across = (p.n + kTile - 1) / kTile;
  for (int64_t i = blockIdx.x; i < batch * down * across; i += gridDim.x) {
    const int64_t matrix = i / (down * across);
    const int64_t row = i / across % down * kTile + y, column = i % across * kTile + x;
    const T *from_a = a + matrix * a_step, *from_b = b + matrix * b_step;
    Sum sum = 0;
    for (int64_t k = 0; k < p.k; k += kTile) {
      const bool a_there = row < p.m && k + x < p.k, b_there = column < p.n && k + y < p.k;
      a_tile[y][x] = a_there ? from_a[row * a_at.row + (k + x) * a_at.column] : T{0};
      b_tile[y][x] = b_there ? from_b[(k + y) * b_at.row + column * b_at.column] : T{0};
      __syncthreads();
      for (int j = 0; j < kTile; ++j) {
        sum += static_cast<Sum>(a_tile[y][j]) * static_cast<Sum>(b_tile[j][x]);
      }
      __syncthreads();
    }
    if (row < p.m && column < p.n) {
      out[(matrix * p.m + row) * p.n + column] = static_cast<T>(sum);
    }
  }
}

template <typename T>
Kernel integer_kernel(const KernelRequest& request, const MatrixProduct& p,
                      const Batches& batches) {
  const Strides a_at = p.transpose_a ? Strides{1, p.m} : Strides{p.k, 1};
  const Strides b_at = p.transpose_b ? Strides{1, p.k} : Strides{p.n, 1};
  const int64_t tiles = ((p.m + kTile - 1) / kTile) * ((p.n + kTile - 1) / kTile);
  const bool empty = request.output_shape(0).element_count() == 0;
  return {.launch = [=](const Launch& args) {
    if (empty) return;
    for (const Batches::Run& run : batches.runs) {
      multiply_integers<T>
          <<<blocks_for(batches.length * tiles, 1), dim3(kTile, kTile), 0, stream(args)>>>(
              args.input<T>(0) + run.a * p.m * p.k, args.input<T>(1) + run.b * p.k * p.n,
              args.output<T>(0) + run.out * p.m * p.n, p, a_at, b_at, batches.length,
              batches.a_step * p.m * p.k, batches.b_step * p.k * p.n);
      check_launch("multiply_integers");
    }
  }};
}

template <typename T>
Kernel prepare_integer_matmul(const KernelRequest& request) {
  return integer_kernel<T>(request, internal::matrix_product(request, "transpose_a", "transpose_b"),
                           {.runs = {{0, 0, 0}}});
}

template <typename T>
Kernel prepare_integer_batch_matmul(const KernelRequest& request) {
  return integer_kernel<T>(request, internal::matrix_product(request, "adj_x", "adj_y"),
                           batches_of(request));
}

}  // namespace

void register_math_matmul(KernelRegistry& kernels) {
  for (const DType dtype : {float32, float64, float16, bfloat16}) {
    kernels.add("MatMul", dtype, {.prepare = prepare_matmul, .epilogues = true});
    kernels.add("BatchMatMulV2", dtype, prepare_batch_matmul);
  }
  for_types(Types<int32_t, int64_t, int8_t, uint8_t, int16_t, uint16_t>(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("MatMul", dtype_of<T>, prepare_integer_matmul<T>);
    kernels.add("BatchMatMulV2", dtype_of<T>, prepare_integer_batch_matmul<T>);
  });
}

}  // namespace tenon::cuda
