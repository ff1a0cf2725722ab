// Scatter*: row indices[i] of a variable is combined with updates[i], in the order of the indices.
// ScatterNd*: the same where an index is a vector.
// All indices are looked at before anything is written; of vectors of indices, as in TensorFlow,
// those that are right are written although others fail.
#include <string>

#include "core/base/check.h"
#include "core/kernels/scattered_rows.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {

using internal::ScatteredRows;

namespace {

struct Update {
  template <typename T>
  T operator()(T, T update) const {
    return update;
  }
};

// The number of the first wrong index among `count` numbers; -1 where there is none.
template <typename Index>
int64_t first_wrong(const ScatteredRows& rows, const Index* indices, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (indices[i] < 0 || indices[i] >= rows.sizes[i % rows.axes]) return i;
  }
  return -1;
}

template <typename T, class Op, bool kVectors, typename Index>
Kernel prepare_scatter_by(const KernelRequest& request) {
  const ScatteredRows rows = internal::scattered_rows(request);
  const int64_t count = rows.count, row = rows.size;
  const bool one_number = rows.one_number;
  return {.launch = [=](const Launch& args) {
    T* to = args.mutable_input<T>(0);
    const Index* indices = args.input<Index>(1);
    const int64_t wrong = first_wrong(rows, indices, count * rows.axes);
    const auto refuse = [&] {
      internal::fail<InvalidArgumentError>(ErrorKind::index_out_of_range, "indices[", wrong,
                                           "] = ", indices[wrong], " is not in [0, ",
                                           rows.sizes[wrong % rows.axes], ")");
    };
    if (wrong >= 0 && !kVectors) refuse();
    using C = scalar::Compute<T>;
    for (int64_t i = 0; i < count; ++i) {
      if (wrong >= 0 && first_wrong(rows, indices + i * rows.axes, rows.axes) >= 0) continue;
      T* at = to + rows.row_of(indices + i * rows.axes) * row;
      const T* update = args.input<T>(2) + (one_number ? 0 : i * row);
      for (int64_t j = 0; j < row; ++j) {
        const C value = static_cast<C>(update[one_number ? 0 : j]);
        at[j] = static_cast<T>(Op()(static_cast<C>(at[j]), value));
      }
    }
    if (wrong >= 0) refuse();
  }};
}

template <typename T, class Op, bool kVectors>
Kernel prepare_scatter(const KernelRequest& request) {
  return request.input_dtype(1) == DType::int32
             ? prepare_scatter_by<T, Op, kVectors, int32_t>(request)
             : prepare_scatter_by<T, Op, kVectors, int64_t>(request);
}

template <typename T, class Op, bool kVectors = false>
void add_scatter(KernelRegistry& kernels, const std::string& kind, DType dtype) {
  kernels.add(internal::str("Scatter", kind), dtype, prepare_scatter<T, Op, kVectors>);
  kernels.add(internal::str("ResourceScatter", kind), dtype, prepare_scatter<T, Op, kVectors>);
}

template <typename T>
void add_all(KernelRegistry& kernels, DType dtype) {
  add_scatter<T, Update>(kernels, "Update", dtype);
  add_scatter<T, scalar::Add>(kernels, "Add", dtype);
  add_scatter<T, scalar::Subtract>(kernels, "Sub", dtype);
  add_scatter<T, scalar::Multiply>(kernels, "Mul", dtype);
  add_scatter<T, scalar::Divide>(kernels, "Div", dtype);
  add_scatter<T, scalar::Maximum>(kernels, "Max", dtype);
  add_scatter<T, scalar::Minimum>(kernels, "Min", dtype);
  add_scatter<T, Update, true>(kernels, "NdUpdate", dtype);
  add_scatter<T, scalar::Add, true>(kernels, "NdAdd", dtype);
  add_scatter<T, scalar::Subtract, true>(kernels, "NdSub", dtype);
}

}  // namespace

void register_state_scatter(KernelRegistry& kernels) {
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add_all<T>(kernels, dtype_of<T>);
  });
  add_all<Half>(kernels, float16);
  add_all<Bfloat16>(kernels, bfloat16);
  add_scatter<bool, Update>(kernels, "Update", bool_);
  add_scatter<bool, Update, true>(kernels, "NdUpdate", bool_);
}

}  // namespace tenon::cpu
