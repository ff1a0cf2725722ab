// Random numbers: those of the CPU's kernels for the same seeds, block by block of one Philox
// stream. Uniform numbers and integers are the same bits. Normal ones are computed in double and
// rounded; they differ from the CPU's in the last bit at most, now and then, and a number that lies
// within that of two deviations may be kept here and drawn again there.
//
// Where the stream stands is known when a run begins, so that these launches are kept out of
// captured graphs.
#include "core/kernels/philox.h"
#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

using internal::Philox;
using internal::RandomBlock;

// A run moves on the stream by this many blocks a number, whatever it uses.
constexpr uint64_t kReservedBlocks = 256;

// Two numbers of a normal distribution from two of a uniform one (Box and Muller).
struct Pair {
  double first, second;
};
template <typename T>
__device__ Pair normal_pair(T u, T v) {
  constexpr T kSmallest = static_cast<T>(1.0e-7);
  constexpr double kPi = 3.14159265358979323846;
  if (u < kSmallest) u = kSmallest;
  const T angle = static_cast<T>(2.0 * kPi * static_cast<double>(v));
  const T minus_log = static_cast<T>(-2) * static_cast<T>(log(static_cast<double>(u)));
  const T radius = static_cast<T>(sqrt(static_cast<double>(minus_log)));
  const T sine = static_cast<T>(sin(static_cast<double>(angle)));
  const T cosine = static_cast<T>(cos(static_cast<double>(angle)));
  return {static_cast<double>(sine * radius), static_cast<double>(cosine * radius)};
}

// How many numbers of T one block makes.
template <typename T>
inline constexpr int kGroup = sizeof(T) == 8 ? 2 : 4;

// Number `i` of the block.
template <typename T>
__device__ T uniform(const RandomBlock& x, int i) {
  if constexpr (std::is_same_v<T, double>) {
    return internal::unit_double(x[2 * i], x[2 * i + 1]);
  } else if constexpr (std::is_same_v<T, float>) {
    return internal::unit_float(x[i]);
  } else if constexpr (std::is_same_v<T, Half>) {
    const auto bits = static_cast<unsigned short>(0x3c00u | (x[i] & 0x3ffu));
    return Half(__half2float(__ushort_as_half(bits)) - 1.0f);
  } else {
    const auto bits = static_cast<unsigned short>(0x3f80u | (x[i] & 0x7fu));
    return Bfloat16(__bfloat162float(__ushort_as_bfloat16(bits)) - 1.0f);
  }
}

// The normal numbers i and i + 1 of the block.
template <typename T>
__device__ Pair normals(const RandomBlock& x, int i) {
  if constexpr (std::is_same_v<T, double>) {
    return normal_pair(internal::unit_double(x[0], x[1]), internal::unit_double(x[2], x[3]));
  } else {
    return normal_pair(internal::unit_float(x[i]), internal::unit_float(x[i + 1]));
  }
}

template <typename T>
__device__ T rounded(double number) {
  if constexpr (std::is_same_v<T, double>) {
    return number;
  } else {
    return static_cast<T>(static_cast<float>(number));
  }
}

template <typename T>
__global__ void draw_uniform(Philox stream, uint64_t drawn, T* out, int64_t size) {
  for (int64_t group = first_index(); group * kGroup<T> < size; group += grid_size()) {
    const RandomBlock x = stream.block(drawn + static_cast<uint64_t>(group));
    for (int i = 0; i < kGroup<T>; ++i) {
      if (group * kGroup<T> + i < size) out[group * kGroup<T> + i] = uniform<T>(x, i);
    }
  }
}

template <typename T>
__global__ void draw_normal(Philox stream, uint64_t drawn, T* out, int64_t size) {
  for (int64_t group = first_index(); group * kGroup<T> < size; group += grid_size()) {
    const RandomBlock x = stream.block(drawn + static_cast<uint64_t>(group));
    for (int i = 0; i < kGroup<T>; i += 2) {
      const int64_t at = group * kGroup<T> + i;
      const Pair pair = normals<T>(x, i);
      if (at < size) out[at] = rounded<T>(pair.first);
      if (at + 1 < size) out[at + 1] = rounded<T>(pair.second);
    }
  }
}

// Normal numbers within two deviations; others are drawn again. A group has a region of blocks of
// its own, so that it starts at the same place however many its neighbours reject.
template <typename T>
__global__ void draw_truncated(Philox stream, uint64_t drawn, T* out, int64_t size) {
  for (int64_t group = first_index(); group * kGroup<T> < size; group += grid_size()) {
    uint64_t index = drawn + static_cast<uint64_t>(group) * kGroup<T> * kReservedBlocks / 4;
    int made = 0;
    const auto keep = [&](double number) {
      if (fabs(number) >= 2 || made == kGroup<T>) return;
      const int64_t at = group * kGroup<T> + made++;
      if (at < size) out[at] = rounded<T>(number);
    };
    while (made < kGroup<T>) {
      const RandomBlock x = stream.block(index++);
      for (int i = 0; i < kGroup<T>; i += 2) {
        const Pair pair = normals<T>(x, i);
        keep(pair.first);
        keep(pair.second);
      }
    }
  }
}

// Where the limits are not low < high (the CPU throws: a launch can't), all numbers are the low
// one.
template <typename T>
__global__ void draw_integers(Philox stream, uint64_t drawn, const T* low, const T* high, T* out,
                              int64_t size) {
  using U = std::make_unsigned_t<T>;
  const U range = *low < *high ? static_cast<U>(*high) - static_cast<U>(*low) : U{1};
  for (int64_t group = first_index(); group * kGroup<T> < size; group += grid_size()) {
    const RandomBlock x = stream.block(drawn + static_cast<uint64_t>(group));
    for (int i = 0; i < kGroup<T>; ++i) {
      const U bits = sizeof(T) == 4
                         ? static_cast<U>(x[i])
                         : static_cast<U>(uint64_t{x[2 * i % 4 + 1]} << 32 | x[2 * i % 4]);
      const int64_t at = group * kGroup<T> + i;
      if (at < size) out[at] = static_cast<T>(static_cast<U>(*low) + bits % range);
    }
  }
}

Philox stream_of(const KernelRequest& request) {
  return {static_cast<uint64_t>(request.attrs->get_or("seed", int64_t{0})),
          static_cast<uint64_t>(request.attrs->get_or("seed2", int64_t{0}))};
}

enum class Distribution : uint8_t { kUniform, kNormal, kTruncated };

template <typename T, Distribution kDistribution>
Kernel prepare_draw(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  auto* kernel = kDistribution == Distribution::kUniform  ? draw_uniform<T>
                 : kDistribution == Distribution::kNormal ? draw_normal<T>
                                                          : draw_truncated<T>;
  return {.random_blocks = static_cast<uint64_t>(size) * kReservedBlocks,
          .launch = [size, kernel, stream = stream_of(request)](const Launch& args) {
            launch_1d("draw", args, (size + kGroup<T> - 1) / kGroup<T>, kernel, stream,
                      args.random_blocks_drawn, args.output<T>(0), size);
          }};
}

template <typename T>
Kernel prepare_integers(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  if (size > 0 && request.value(1) && request.value(2)) {
    const int64_t low = integer(request, 1), high = integer(request, 2);
    require(low < high, ErrorKind::bad_argument, "Need minval < maxval, got ", low, " >= ", high);
  }
  return {.random_blocks = static_cast<uint64_t>(size) * kReservedBlocks,
          .launch = [size, stream = stream_of(request)](const Launch& args) {
            launch_1d("draw_integers", args, (size + kGroup<T> - 1) / kGroup<T>, draw_integers<T>,
                      stream, args.random_blocks_drawn, args.input<T>(1), args.input<T>(2),
                      args.output<T>(0), size);
          }};
}

Kernel prepare_any_integers(const KernelRequest& request) {
  return request.output_dtype(0) == DType::int32 ? prepare_integers<int32_t>(request)
                                                 : prepare_integers<int64_t>(request);
}

}  // namespace

void register_random(KernelRegistry& kernels) {
  const auto add = [&](const char* op, DType dtype, internal::PrepareFunction prepare) {
    kernels.add(op, dtype, {.prepare = prepare, .recordable = false});
  };
  for_types(AllFloats(), [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    add("RandomUniform", kDType<T>, prepare_draw<T, Distribution::kUniform>);
    add("RandomStandardNormal", kDType<T>, prepare_draw<T, Distribution::kNormal>);
    add("TruncatedNormal", kDType<T>, prepare_draw<T, Distribution::kTruncated>);
  });
  // The dtype is the output's: of these, T is that of the shape.
  add("RandomUniformInt", DType::invalid, prepare_any_integers);
}

}  // namespace tenon::cuda
