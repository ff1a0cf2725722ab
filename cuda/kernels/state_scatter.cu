// Scatter*: row indices[i] of a variable is combined with updates[i], in the order of the indices.
// An index out of range is passed over. (The CPU throws: a launch can't.)
#include "cuda/kernel_support.h"
#include "cuda/sorted_rows.h"

namespace tenon::cuda {
namespace {

enum class Scatter : uint8_t { kUpdate, kAdd, kSubtract, kMultiply, kDivide, kMaximum, kMinimum };

template <typename C>
__device__ C combined(Scatter op, C before, C update) {
  switch (op) {
    case Scatter::kAdd:
      return scalar::Add()(before, update);
    case Scatter::kSubtract:
      return scalar::Subtract()(before, update);
    case Scatter::kMultiply:
      return scalar::Multiply()(before, update);
    case Scatter::kDivide:
      return scalar::Divide()(before, update);
    case Scatter::kMaximum:
      return scalar::Maximum()(before, update);
    case Scatter::kMinimum:
      return scalar::Minimum()(before, update);
    default:
      return update;
  }
}

template <typename T>
__global__ void scatter(SortedRows sorted, const T* updates, bool one_number, T* variable,
                        Divider inner, Scatter op) {
  const int64_t width = inner.divisor();
  for (int64_t i = first_index(); i < sorted.count * width; i += grid_size()) {
    int64_t column = i;
    const int64_t first = inner.split(column);
    if (!sorted.starts_run(first)) continue;
    T* to = variable + sorted.row(first) * width + column;
    T value = *to;
    for (int64_t at = first; sorted.in_run(first, at); ++at) {
      const T update = updates[one_number ? 0 : sorted.place(at) * width + column];
      value = static_cast<T>(combined(op, widened(value), widened(update)));
    }
    *to = value;
  }
}

template <typename T, Scatter kOp>
Kernel prepare_scatter(const KernelRequest& request) {
  const Shape &variable = request.input_shape(0), &updates = request.input_shape(2);
  require(variable.rank() >= 1, ErrorKind::shape_incompatible,
          "A scalar variable has no rows to scatter into");
  const int64_t row = count_between(variable, 1, variable.rank());
  const RowSorter sorter(request.input_shape(1).element_count(), variable[0],
                         request.input_dtype(1));
  const bool one_number = updates.rank() == 0;
  require(one_number || updates.element_count() == sorter.count() * row,
          ErrorKind::shape_incompatible,
          "Must have updates.shape = indices.shape + ref.shape[1:] or updates.shape = [], got ",
          "updates.shape ", updates, ", indices.shape ", request.input_shape(1), ", ref.shape ",
          variable);
  const int64_t total = sorter.count() * row;
  const Divider columns(row, total);
  return {.workspace_bytes = sorter.workspace_bytes(), .launch = [=](const Launch& args) {
            if (total == 0) return;
            const SortedRows sorted = sorter.sort(stream(args), args.inputs[1], args.workspace);
            launch_1d("scatter", args, total, scatter<T>, sorted, args.input<T>(2), one_number,
                      args.mutable_input<T>(0), columns, kOp);
          }};
}

template <typename T, Scatter kOp>
void add(KernelRegistry& kernels, const char* kind, DType dtype) {
  kernels.add(internal::str("Scatter", kind), dtype, prepare_scatter<T, kOp>);
  kernels.add(internal::str("ResourceScatter", kind), dtype, prepare_scatter<T, kOp>);
}

}  // namespace

void register_state_scatter(KernelRegistry& kernels) {
  for_types(AllNumbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add<T, Scatter::kUpdate>(kernels, "Update", kDType<T>);
    add<T, Scatter::kAdd>(kernels, "Add", kDType<T>);
    add<T, Scatter::kSubtract>(kernels, "Sub", kDType<T>);
    add<T, Scatter::kMultiply>(kernels, "Mul", kDType<T>);
    add<T, Scatter::kDivide>(kernels, "Div", kDType<T>);
    add<T, Scatter::kMaximum>(kernels, "Max", kDType<T>);
    add<T, Scatter::kMinimum>(kernels, "Min", kDType<T>);
  });
  // An update moves bytes alone.
  add<uint8_t, Scatter::kUpdate>(kernels, "Update", bool_);
}

}  // namespace tenon::cuda
