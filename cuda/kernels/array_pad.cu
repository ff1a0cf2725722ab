// Pad, and MirrorPad with its gradient.
#include "cuda/kernel_support.h"
#include "cuda/strided_copy.h"

namespace tenon::cuda {
namespace {

// One axis of a padded tensor and of the inner one that it mirrors.
struct MirrorAxis {
  Divider padded_size, inner_size;
  int64_t before, padded_stride, inner_stride;
};

struct Mirror {
  int rank = 0;
  int64_t own = 0;  // 1: the edge itself is mirrored too (SYMMETRIC)
  int64_t padded_count = 0, inner_count = 0;
  MirrorAxis axes[kMostAxes];  // the innermost first
};

Mirror mirror_of(const KernelRequest& request, const Shape& inner, const Shape& padded) {
  const std::vector<int64_t> paddings = integers(request, 1);
  require<UnimplementedError>(inner.rank() <= kMostAxes, ErrorKind::no_kernel,
                              "The GPU mirrors tensors of at most ", kMostAxes, " axes");
  Mirror mirror;
  mirror.rank = inner.rank();
  mirror.own = request.attrs->get<std::string>("mode") == "REFLECT" ? 0 : 1;
  mirror.padded_count = padded.element_count();
  mirror.inner_count = inner.element_count();
  int64_t padded_stride = 1, inner_stride = 1;
  for (int i = 0; i < inner.rank(); ++i) {
    const int axis = inner.rank() - 1 - i;
    mirror.axes[i] = {.padded_size = Divider(padded[axis], mirror.padded_count),
                      .inner_size = Divider(inner[axis], mirror.inner_count),
                      .before = paddings[2 * static_cast<size_t>(axis)],
                      .padded_stride = padded_stride,
                      .inner_stride = inner_stride};
    padded_stride *= padded[axis];
    inner_stride *= inner[axis];
  }
  return mirror;
}

template <typename T>
__global__ void mirror_pad(const T* x, T* y, Mirror mirror) {
  for (int64_t i = first_index(); i < mirror.padded_count; i += grid_size()) {
    int64_t rest = i, from = 0;
    for (int k = 0; k < mirror.rank; ++k) {
      const MirrorAxis& axis = mirror.axes[k];
      const int64_t size = axis.inner_size.divisor();
      int64_t index = rest;
      rest = axis.padded_size.split(index);
      index -= axis.before;
      if (index < 0) index = -index - mirror.own;
      if (index >= size) index = 2 * size - 2 + mirror.own - index;
      from += index * axis.inner_stride;
    }
    y[i] = x[from];
  }
}

// Where, along one axis, element `index` stands in the padded tensor: in the mirror before it, as
// itself, in the mirror behind it; -1 where it doesn't.
__device__ int64_t standing(const Mirror& mirror, const MirrorAxis& axis, int64_t index,
                            int where) {
  const int64_t size = axis.inner_size.divisor();
  if (where == 1) return axis.before + index;
  if (where == 0) {
    const int64_t at = axis.before - mirror.own - index;
    return at >= 0 && at < axis.before ? at : -1;
  }
  const int64_t behind = 2 * size - 2 + mirror.own - index;
  const int64_t at = behind + axis.before;
  return behind >= size && at < axis.padded_size.divisor() ? at : -1;
}

// Every element adds up what its images give, in their order.
template <typename T>
__global__ void mirror_pad_grad(const T* dy, T* dx, Mirror mirror) {
  for (int64_t i = first_index(); i < mirror.inner_count; i += grid_size()) {
    int64_t index[kMostAxes];
    int where[kMostAxes];
    int64_t rest = i;
    for (int k = 0; k < mirror.rank; ++k) {
      index[k] = rest;
      rest = mirror.axes[k].inner_size.split(index[k]);
      where[k] = 0;
    }
    T sum{};
    for (bool more = true; more;) {
      int64_t at = 0;
      for (int k = 0; k < mirror.rank && at >= 0; ++k) {
        const int64_t place = standing(mirror, mirror.axes[k], index[k], where[k]);
        at = place < 0 ? -1 : at + place * mirror.axes[k].padded_stride;
      }
      if (at >= 0) sum = scalar::Add()(sum, dy[at]);
      more = false;
      for (int k = 0; k < mirror.rank && !more; ++k) {
        more = ++where[k] < 3;
        if (!more) where[k] = 0;
      }
    }
    dx[i] = sum;
  }
}

Kernel prepare_mirror_pad(const KernelRequest& request) {
  const Mirror mirror = mirror_of(request, request.input_shape(0), request.output_shape(0));
  return internal::for_word_size(size_of(request.output_dtype(0)), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    return Kernel{.launch = [mirror](const Launch& args) {
      launch_1d("mirror_pad", args, mirror.padded_count, mirror_pad<T>, args.input<T>(0),
                args.output<T>(0), mirror);
    }};
  });
}

template <typename T>
Kernel prepare_mirror_pad_grad(const KernelRequest& request) {
  const Mirror mirror = mirror_of(request, request.output_shape(0), request.input_shape(0));
  return {.launch = [mirror](const Launch& args) {
    launch_1d("mirror_pad_grad", args, mirror.inner_count, mirror_pad_grad<T>, args.input<T>(0),
              args.output<T>(0), mirror);
  }};
}

}  // namespace

void register_array_pad(KernelRegistry& kernels) {
  kernels.add("Pad", DType::invalid, prepare_copies<internal::plan_pad>);
  kernels.add("PadV2", DType::invalid, prepare_copies<internal::plan_pad>);
  kernels.add("MirrorPad", DType::invalid, prepare_mirror_pad);
  for_types(Numbers(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    kernels.add("MirrorPadGrad", dtype_of<T>, prepare_mirror_pad_grad<T>);
  });
}

}  // namespace tenon::cuda
