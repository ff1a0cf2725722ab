// Qr by Householder reflections, with LAPACK's signs; MatrixDiag and MatrixDiagPart.
#include <algorithm>
#include <cmath>

#include "core/kernels/qr_shape.h"
#include "cpu_fallback/strided_copy.h"

namespace tenon::cpu {

using internal::QrShape;

namespace {

// One matrix. `a` is a copy of it that ends as R with the reflections below its diagonal, `scales`
// has a number for each of them.
template <typename T>
class Householder {
 public:
  Householder(const QrShape& shape, T* a, T* scales) : s_(shape), a_(a), scales_(scales) {}

  void reduce() {
    for (int64_t k = 0; k < s_.steps(); ++k) {
      scales_[k] = make_reflection(k);
      for (int64_t j = k + 1; j < s_.columns; ++j) reflect(k, a_ + j, s_.columns);
    }
  }

  void write_r(T* r) const {
    for (int64_t i = 0; i < s_.inner(); ++i) {
      for (int64_t j = 0; j < s_.columns; ++j) {
        r[i * s_.columns + j] = j >= i ? a_[i * s_.columns + j] : T{0};
      }
    }
  }

  // The reflections applied to the unit vectors, the last first.
  void write_q(T* q) const {
    const int64_t width = s_.inner();
    for (int64_t i = 0; i < s_.rows; ++i) {
      for (int64_t j = 0; j < width; ++j) q[i * width + j] = i == j ? T{1} : T{0};
    }
    for (int64_t k = s_.steps(); k-- > 0;) {
      for (int64_t j = 0; j < width; ++j) reflect(k, q + j, width);
    }
  }

 private:
  // Makes the reflection that clears column k below the diagonal, and the diagonal's element, which
  // gets the sign that cancels nothing. Its vector is 1 at row k, and below it what is stored
  // there.
  T make_reflection(int64_t k) {
    T* column = a_ + k * s_.columns + k;
    double below = 0;
    for (int64_t i = 1; i < s_.rows - k; ++i) {
      const double x = static_cast<double>(column[i * s_.columns]);
      below += x * x;
    }
    if (below == 0) return 0;
    const double head = static_cast<double>(column[0]);
    const double beta =
        head >= 0 ? -std::sqrt(head * head + below) : std::sqrt(head * head + below);
    for (int64_t i = 1; i < s_.rows - k; ++i) {
      column[i * s_.columns] =
          static_cast<T>(static_cast<double>(column[i * s_.columns]) / (head - beta));
    }
    column[0] = static_cast<T>(beta);
    return static_cast<T>((beta - head) / beta);
  }

  // Applies reflection k to a column whose elements lie `stride` apart.
  void reflect(int64_t k, T* column, int64_t stride) const {
    const T* v = a_ + k * s_.columns + k;
    double sum = static_cast<double>(column[k * stride]);
    for (int64_t i = 1; i < s_.rows - k; ++i) {
      sum += static_cast<double>(v[i * s_.columns]) * static_cast<double>(column[(k + i) * stride]);
    }
    sum *= static_cast<double>(scales_[k]);
    column[k * stride] = static_cast<T>(static_cast<double>(column[k * stride]) - sum);
    for (int64_t i = 1; i < s_.rows - k; ++i) {
      T& x = column[(k + i) * stride];
      x = static_cast<T>(static_cast<double>(x) - sum * static_cast<double>(v[i * s_.columns]));
    }
  }

  QrShape s_;
  T *a_, *scales_;
};

template <typename T>
Kernel prepare_qr(const KernelRequest& request) {
  const QrShape s = internal::qr_shape(request);
  const int64_t room = s.rows * s.columns + s.steps();
  return {.workspace_bytes = static_cast<size_t>(room) * sizeof(T),
          .launch = [=](const Launch& args) {
            T* a = static_cast<T*>(args.workspace);
            for (int64_t i = 0; i < s.batch; ++i) {
              std::copy_n(args.input<T>(0) + i * s.rows * s.columns, s.rows * s.columns, a);
              Householder<T> qr(s, a, a + s.rows * s.columns);
              qr.reduce();
              qr.write_q(args.output<T>(0) + i * s.rows * s.inner());
              qr.write_r(args.output<T>(1) + i * s.inner() * s.columns);
            }
          }};
}

}  // namespace

void register_linalg(KernelRegistry& kernels) {
  kernels.add("Qr", float32, prepare_qr<float>);
  kernels.add("Qr", float64, prepare_qr<double>);
  kernels.add("MatrixDiagPart", DType::invalid, prepare_copies<internal::plan_matrix_diag_part>);
  kernels.add("MatrixDiag", DType::invalid, prepare_copies<internal::plan_matrix_diag>);
}

}  // namespace tenon::cpu
