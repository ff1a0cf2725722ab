// Scatter*: row indices[i] of a variable is combined with updates[i], in the order of the indices.
// ScatterNd*: the same where an index is a vector. An index out of range is passed over. (The CPU
// throws: a launch can't.)
#include <cstddef>

#include "core/kernels/scattered_rows.h"
#include "cuda/sorted_rows.h"
#include "cuda/typed_access.h"

namespace tenon::cuda {

using internal::ScatteredRows;

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

// The number of the row that each vector of indices points at; -1 where one is out of range.
__global__ void number_rows(const void* indices, DType dtype, int64_t* numbers,
                            ScatteredRows rows) {
  for (int64_t i = first_index(); i < rows.count; i += grid_size()) {
    int64_t index[ScatteredRows::kMostAxes];
    bool inside = true;
    for (int axis = 0; axis < rows.axes; ++axis) {
      index[axis] = load_as<int64_t>(dtype, indices, i * rows.axes + axis);
      inside = inside && index[axis] >= 0 && index[axis] < rows.sizes[axis];
    }
    numbers[i] = inside ? rows.row_of(index) : -1;
  }
}

template <typename T, Scatter kOp>
Kernel prepare_scatter(const KernelRequest& request) {
  const ScatteredRows rows = internal::scattered_rows(request);
  const bool by_vectors = rows.axes != 1;
  const DType dtype = request.input_dtype(1);
  const RowSorter sorter(rows.count, rows.rows, by_vectors ? int64 : dtype);
  const int64_t total = rows.count * rows.size;
  const Divider columns(rows.size, total);
  // The numbers come first in the workspace, in whole lines.
  const size_t numbers =
      by_vectors ? (static_cast<size_t>(rows.count) * sizeof(int64_t) + 255) / 256 * 256 : 0;
  return {.workspace_bytes = numbers + sorter.workspace_bytes(), .launch = [=](const Launch& args) {
            if (total == 0) return;
            auto* workspace = static_cast<std::byte*>(args.workspace);
            if (by_vectors) {
              launch_1d("number_rows", args, rows.count, number_rows, args.inputs[1], dtype,
                        reinterpret_cast<int64_t*>(workspace), rows);
            }
            const SortedRows sorted = sorter.sort(
                stream(args), by_vectors ? workspace : args.inputs[1], workspace + numbers);
            launch_1d("scatter", args, total, scatter<T>, sorted, args.input<T>(2), rows.one_number,
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
    add<T, Scatter::kUpdate>(kernels, "NdUpdate", kDType<T>);
    add<T, Scatter::kAdd>(kernels, "NdAdd", kDType<T>);
    add<T, Scatter::kSubtract>(kernels, "NdSub", kDType<T>);
  });
  // An update only moves bytes.
  add<uint8_t, Scatter::kUpdate>(kernels, "Update", bool_);
  add<uint8_t, Scatter::kUpdate>(kernels, "NdUpdate", bool_);
}

}  // namespace tenon::cuda
