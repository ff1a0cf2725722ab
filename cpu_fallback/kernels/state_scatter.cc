// Scatter*: row indices[i] of a variable is combined with updates[i], in the order of the indices.
// All indices are looked at before anything is written.
#include "core/base/check.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {
namespace {

struct Update {
  template <typename T>
  T operator()(T, T update) const {
    return update;
  }
};

template <typename T, class Op, typename Index>
Kernel prepare_scatter_by(const KernelRequest& request) {
  const Shape &variable = request.input_shape(0), &updates = request.input_shape(2);
  require(variable.rank() >= 1, ErrorKind::shape_incompatible,
          "A scalar variable has no rows to scatter into");
  const int64_t rows = variable[0], row = count_between(variable, 1, variable.rank());
  const int64_t count = request.input_shape(1).element_count();
  const bool one_number = updates.rank() == 0;
  require(one_number || updates.element_count() == count * row, ErrorKind::shape_incompatible,
          "Must have updates.shape = indices.shape + ref.shape[1:] or updates.shape = [], got ",
          "updates.shape ", updates, ", indices.shape ", request.input_shape(1), ", ref.shape ",
          variable);
  return {.launch = [=](const Launch& args) {
    T* to = args.mutable_input<T>(0);
    const Index* indices = args.input<Index>(1);
    for (int64_t i = 0; i < count; ++i) {
      require(indices[i] >= 0 && indices[i] < rows, ErrorKind::index_out_of_range, "indices[", i,
              "] = ", indices[i], " is not in [0, ", rows, ")");
    }
    using C = scalar::Compute<T>;
    for (int64_t i = 0; i < count; ++i) {
      T* at = to + static_cast<int64_t>(indices[i]) * row;
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
void add_scatter(KernelRegistry& kernels, const char* kind, DType dtype) {
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
}

}  // namespace tenon::cpu
