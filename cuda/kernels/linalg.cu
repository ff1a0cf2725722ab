// Qr by Householder reflections, with LAPACK's signs, a block for each matrix; MatrixDiag and
// MatrixDiagPart.
#include "core/kernels/qr_shape.h"
#include "cuda/kernel_support.h"
#include "cuda/strided_copy.h"

namespace tenon::cuda {

using internal::QrShape;

namespace {

// Makes the reflection that clears column k of `a` below the diagonal, and the diagonal's element,
// which gets the sign that cancels nothing. Its vector is 1 at row k, and below it what is stored
// there. Returns its scale; by all threads of the block.
template <typename T>
__device__ double make_reflection(const QrShape& s, T* a, int64_t k) {
  const Team team(kThreads);
  T* column = a + k * s.columns + k;
  double below = 0;
  for (int64_t i = 1 + team.rank(); i < s.rows - k; i += team.size()) {
    const double x = static_cast<double>(column[i * s.columns]);
    below += x * x;
  }
  below = team.reduce(below, scalar::Add());
  if (below == 0) return 0;
  const double head = static_cast<double>(column[0]);
  const double length = sqrt(head * head + below), beta = head >= 0 ? -length : length;
  __syncthreads();  // all have read the head
  for (int64_t i = 1 + team.rank(); i < s.rows - k; i += team.size()) {
    column[i * s.columns] =
        static_cast<T>(static_cast<double>(column[i * s.columns]) / (head - beta));
  }
  if (team.rank() == 0) column[0] = static_cast<T>(beta);
  __syncthreads();
  return (beta - head) / beta;
}

// Applies reflection k to the columns [first, width) of `to`, a thread for each.
template <typename T>
__device__ void reflect(const QrShape& s, const T* a, int64_t k, double scale, T* to, int64_t first,
                        int64_t width) {
  const T* v = a + k * s.columns + k;
  for (int64_t j = first + threadIdx.x; j < width; j += blockDim.x) {
    double sum = static_cast<double>(to[k * width + j]);
    for (int64_t i = 1; i < s.rows - k; ++i) {
      sum += static_cast<double>(v[i * s.columns]) * static_cast<double>(to[(k + i) * width + j]);
    }
    sum *= scale;
    to[k * width + j] = static_cast<T>(static_cast<double>(to[k * width + j]) - sum);
    for (int64_t i = 1; i < s.rows - k; ++i) {
      T& x = to[(k + i) * width + j];
      x = static_cast<T>(static_cast<double>(x) - sum * static_cast<double>(v[i * s.columns]));
    }
  }
  __syncthreads();
}

// `work` has room for a copy of each matrix, that ends as R with the reflections below its
// diagonal, and for a scale of each of them.
template <typename T>
__global__ void factorize(const T* x, T* q, T* r, T* work, QrShape s) {
  const int64_t matrix = s.rows * s.columns, room = matrix + s.steps();
  const int64_t inner = s.inner();
  for (int64_t b = blockIdx.x; b < s.batch; b += gridDim.x) {
    T* a = work + b * room;
    T* scales = a + matrix;
    T* to_q = q + b * s.rows * inner;
    for (int64_t i = threadIdx.x; i < matrix; i += blockDim.x) a[i] = x[b * matrix + i];
    for (int64_t i = threadIdx.x; i < s.rows * inner; i += blockDim.x) {
      to_q[i] = i / inner == i % inner ? T{1} : T{0};
    }
    __syncthreads();
    for (int64_t k = 0; k < s.steps(); ++k) {
      const T scale = static_cast<T>(make_reflection(s, a, k));
      if (threadIdx.x == 0) scales[k] = scale;
      reflect(s, a, k, static_cast<double>(scale), a, k + 1, s.columns);
    }
    for (int64_t i = threadIdx.x; i < inner * s.columns; i += blockDim.x) {
      r[b * inner * s.columns + i] = i % s.columns >= i / s.columns ? a[i] : T{0};
    }
    // The reflections applied to the unit vectors, the last first.
    for (int64_t k = s.steps(); k-- > 0;) {
      reflect(s, a, k, static_cast<double>(scales[k]), to_q, 0, inner);
    }
  }
}

template <typename T>
Kernel prepare_qr(const KernelRequest& request) {
  const QrShape s = internal::qr_shape(request);
  const int64_t room = s.rows * s.columns + s.steps();
  return {.workspace_bytes = static_cast<size_t>(s.batch * room) * sizeof(T),
          .launch = [s](const Launch& args) {
            if (s.batch == 0) return;
            factorize<T><<<blocks_for(s.batch, 1), kThreads, 0, stream(args)>>>(
                args.input<T>(0), args.output<T>(0), args.output<T>(1),
                static_cast<T*>(args.workspace), s);
            check_launch("factorize");
          }};
}

}  // namespace

void register_linalg(KernelRegistry& kernels) {
  kernels.add("Qr", float32, prepare_qr<float>);
  kernels.add("Qr", float64, prepare_qr<double>);
  kernels.add("MatrixDiagPart", DType::invalid, prepare_copies<internal::plan_matrix_diag_part>);
  kernels.add("MatrixDiag", DType::invalid, prepare_copies<internal::plan_matrix_diag>);
}

}  // namespace tenon::cuda
