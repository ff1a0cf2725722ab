// Scatter*: row indices[i] of a variable is combined with updates[i], in the order of the indices.
// ScatterNd*: the same where an index is a vector.
// All indices are looked at before anything is written.
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

template <typename T, class Op, typename Index>
Kernel prepare_scatter_by(const KernelRequest& request) {
  const ScatteredRows rows = internal::scattered_rows(request);
  const int64_t count = rows.count, row = rows.size;
  const bool one_number = rows.one_number;
  return {.launch = [=](const Launch& args) {
    T* to = args.mutable_input<T>(0);
    const Index* indices = args.input<Index>(1);
    for (int64_t i = 0; i < count * rows.axes; ++i) {
      const int64_t size = rows.sizes[i % rows.axes];
      require(indices[i] >= 0 && indices[i] < size, ErrorKind::index_out_of_range, "indices[", i,
              "] = ", indices[i], " is not in [0, ", size, ")");
    }
    using C = scalar::Compute<T>;
    for (int64_t i = 0; i < count; ++i) {
      T* at = to + rows.row_of(indices + i * rows.axes) * row;
      const T* update = args.input<T>(2) + (one_number ? 0 : i * row);
      for (int64_t j = 0; j < row; ++j) {
        const C value = static_cast<C>(update[one_number ? 0 : j]);
        at[j] = static_cast<T>(Op()(static_cast<C>(at[j]), value));
      }
    }
  }};
}

template <typename T, class Op>
Kernel prepare_scatter(const KernelRequest& request) {
  return request.input_dtype(1) == DType::int32 ? prepare_scatter_by<T, Op, int32_t>(request)
                                                : prepare_scatter_by<T, Op, int64_t>(request);
}

template <typename T, class Op>
void add_scatter(KernelRegistry& kernels, const std::string& kind, DType dtype) {
  kernels.add(internal::str("Scatter", kind), dtype, prepare_scatter<T, Op>);
  kernels.add(internal::str("ResourceScatter", kind), dtype, prepare_scatter<T, Op>);
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
  add_scatter<T, Update>(kernels, "NdUpdate", dtype);
  add_scatter<T, scalar::Add>(kernels, "NdAdd", dtype);
  add_scatter<T, scalar::Subtract>(kernels, "NdSub", dtype);
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
  add_scatter<bool, Update>(kernels, "NdUpdate", bool_);
}

}  // namespace tenon::cpu
