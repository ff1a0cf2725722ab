#include "cuda/strided_copy.h"
#include "cuda/typed_access.h"

namespace tenon::cuda {
namespace {

Kernel prepare_fill(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  const size_t bytes = size_of(request.output_dtype(0));
  return {.launch = [size, bytes](const Launch& args) {
    fill(stream(args), args.outputs[0], args.inputs[1], size, bytes);
  }};
}

Kernel prepare_zeros(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  const size_t bytes = size_of(request.output_dtype(0));
  return {.launch = [size, bytes](const Launch& args) {
    fill_zeros(stream(args), args.outputs[0], size, bytes);
  }};
}

__global__ void fill_ones(void* out, DType dtype, int64_t size) {
  for (int64_t i = first_index(); i < size; i += grid_size()) store_as(dtype, out, i, 1);
}

Kernel prepare_ones(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  const DType dtype = request.output_dtype(0);
  return {.launch = [size, dtype](const Launch& args) {
    launch_1d("fill_ones", args, size, fill_ones, args.outputs[0], dtype, size);
  }};
}

template <typename T>
__global__ void fill_range(const T* start, const T* delta, T* out, int64_t size) {
  for (int64_t i = first_index(); i < size; i += grid_size()) {
    out[i] = scalar::RangeElement()(*start, *delta, i);
  }
}

template <typename T>
Kernel prepare_range(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  return {.launch = [size](const Launch& args) {
    launch_1d("fill_range", args, size, fill_range<T>, args.input<T>(0), args.input<T>(2),
              args.output<T>(0), size);
  }};
}

// The output seen as [outer, depth, inner]; an index outside of [0, depth) sets nothing.
template <typename T>
__global__ void one_hot(const void* indices, DType index_dtype, const T* on, const T* off, T* out,
                        int64_t size, Divider inner, Divider depth) {
  for (int64_t i = first_index(); i < size; i += grid_size()) {
    int64_t within = i;
    int64_t hot = inner.split(within);
    const int64_t outer = depth.split(hot);
    const int64_t index = load_as<int64_t>(index_dtype, indices, outer * inner.divisor() + within);
    out[i] = index == hot ? *on : *off;
  }
}

Kernel prepare_one_hot(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const AroundAxis around(output, resolve_axis(request.attrs->get<int64_t>("axis"), output.rank()));
  const int64_t size = output.element_count();
  const DType index_dtype = request.input_dtype(0);
  const Divider inner(around.inner, size), depth(around.size, size);
  return internal::for_word_size(size_of(request.output_dtype(0)), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [=](const Launch& args) {
      launch_1d("one_hot", args, size, one_hot<T>, args.inputs[0], index_dtype, args.input<T>(2),
                args.input<T>(3), args.output<T>(0), size, inner, depth);
    }};
  });
}

}  // namespace

void register_array_fill(KernelRegistry& kernels) {
  kernels.add("Fill", DType::invalid, prepare_fill);
  kernels.add("OneHot", DType::invalid, prepare_one_hot);
  for (const DType dtype : {float32, float64, int32, int64, int8, uint8, int16, uint16, uint32,
                            uint64, bool_, float16, bfloat16}) {
    kernels.add("ZerosLike", dtype, prepare_zeros);
    kernels.add("OnesLike", dtype, prepare_ones);
  }
  for_types(Types<float, double, int32_t, int64_t>(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("Range", dtype_of<T>, prepare_range<T>);
  });
}

}  // namespace tenon::cuda
