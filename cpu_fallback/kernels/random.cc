// Random numbers, bit by bit those of TensorFlow's CPU kernels for the same seeds: which block of
// the Philox stream makes which number is theirs too.
#include <cmath>

#include "core/base/check.h"
#include "core/kernels/normal_pair.h"
#include "core/kernels/philox.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {

using internal::normal_pair;
using internal::Philox;
using internal::RandomBlock;
using internal::unit_double;
using internal::unit_float;

namespace {

// A run moves on the stream by this many blocks a number, whatever it uses.
constexpr uint64_t kReservedBlocks = 256;

// Each distribution makes `kCount` numbers at once, from one block or, where numbers are rejected,
// from as many of its region as it takes.
struct UniformFloat {
  using Number = float;
  static constexpr int kCount = 4;
  static void make(const RandomBlock& x, float* out) {
    for (int i = 0; i < kCount; ++i) out[i] = unit_float(x[static_cast<size_t>(i)]);
  }
};
struct UniformDouble {
  using Number = double;
  static constexpr int kCount = 2;
  static void make(const RandomBlock& x, double* out) {
    out[0] = unit_double(x[0], x[1]);
    out[1] = unit_double(x[2], x[3]);
  }
};
// Of 16 bits a number; T(1 + fraction) - 1.
struct UniformHalf {
  using Number = Half;
  static constexpr int kCount = 4;
  static void make(const RandomBlock& x, Half* out) {
    for (int i = 0; i < kCount; ++i) {
      Half number;
      number.bits = static_cast<uint16_t>(0x3c00u | (x[static_cast<size_t>(i)] & 0x3ffu));
      out[i] = Half(static_cast<float>(number) - 1.0f);
    }
  }
};
struct UniformBfloat16 {
  using Number = Bfloat16;
  static constexpr int kCount = 4;
  static void make(const RandomBlock& x, Bfloat16* out) {
    for (int i = 0; i < kCount; ++i) {
      Bfloat16 number;
      number.bits = static_cast<uint16_t>(0x3f80u | (x[static_cast<size_t>(i)] & 0x7fu));
      out[i] = Bfloat16(static_cast<float>(number) - 1.0f);
    }
  }
};
template <typename T>
struct NormalFloat {  // and what is computed as float
  using Number = T;
  static constexpr int kCount = 4;
  static void make(const RandomBlock& x, T* out) {
    for (size_t i = 0; i < 4; i += 2) {
      const auto pair = normal_pair(unit_float(x[i]), unit_float(x[i + 1]));
      out[i] = static_cast<T>(pair[0]);
      out[i + 1] = static_cast<T>(pair[1]);
    }
  }
};
struct NormalDouble {
  using Number = double;
  static constexpr int kCount = 2;
  static void make(const RandomBlock& x, double* out) {
    const auto pair = normal_pair(unit_double(x[0], x[1]), unit_double(x[2], x[3]));
    out[0] = pair[0];
    out[1] = pair[1];
  }
};

// Calls make(first block, out) for groups of Number, of which the last may be cut short.
template <typename Number, int kCount, typename F>
void for_groups(const Launch& args, int64_t size, int64_t cost, F make) {
  Number* out = args.output<Number>(0);
  for_rows(args, (size + kCount - 1) / kCount, cost, [&](int64_t begin, int64_t end) {
    for (int64_t group = begin; group < end; ++group) {
      Number numbers[kCount];
      make(static_cast<uint64_t>(group), numbers);
      std::copy_n(numbers, std::min<int64_t>(kCount, size - group * kCount), out + group * kCount);
    }
  });
}

Philox stream_of(const KernelRequest& request) {
  return {static_cast<uint64_t>(request.attrs->get_or("seed", int64_t{0})),
          static_cast<uint64_t>(request.attrs->get_or("seed2", int64_t{0}))};
}

Kernel draw(int64_t size, std::function<void(const Launch&)> launch) {
  return {.random_blocks = static_cast<uint64_t>(size) * kReservedBlocks,
          .launch = std::move(launch)};
}

template <class Distribution>
Kernel prepare_draw(const KernelRequest& request) {
  const int64_t size = request.output_shape(0).element_count();
  return draw(size, [size, stream = stream_of(request)](const Launch& args) {
    using Number = typename Distribution::Number;
    for_groups<Number, Distribution::kCount>(args, size, 16, [&](uint64_t group, Number* out) {
      Distribution::make(stream.block(args.random_blocks_drawn + group), out);
    });
  });
}

// Normal numbers within two deviations; others are drawn again. A group has a region of blocks of
// its own, so that it starts at the same place however many its neighbours reject.
template <typename T>
Kernel prepare_truncated(const KernelRequest& request) {
  constexpr bool kDouble = std::is_same_v<T, double>;
  constexpr int kCount = kDouble ? 2 : 4;
  const int64_t size = request.output_shape(0).element_count();
  return draw(size, [size, stream = stream_of(request)](const Launch& args) {
    for_groups<T, kCount>(args, size, 64, [&](uint64_t group, T* out) {
      uint64_t index = args.random_blocks_drawn + group * kCount * kReservedBlocks / 4;
      int made = 0;
      while (made < kCount) {
        const RandomBlock x = stream.block(index++);
        const auto keep = [&](auto number) {
          if (std::abs(number) < 2 && made < kCount) out[made++] = static_cast<T>(number);
        };
        if constexpr (kDouble) {
          const auto pair = normal_pair(unit_double(x[0], x[1]), unit_double(x[2], x[3]));
          keep(pair[0]);
          keep(pair[1]);
        } else {
          for (size_t i = 0; i < 4; i += 2) {
            const auto pair = normal_pair(unit_float(x[i]), unit_float(x[i + 1]));
            keep(pair[0]);
            keep(pair[1]);
          }
        }
      }
    });
  });
}

template <typename T>
Kernel prepare_integers(const KernelRequest& request) {
  using U = std::make_unsigned_t<T>;
  constexpr int kCount = sizeof(T) == 4 ? 4 : 2;
  const int64_t size = request.output_shape(0).element_count();
  return draw(size, [size, stream = stream_of(request)](const Launch& args) {
    if (size == 0) return;
    const T low = *args.input<T>(1), high = *args.input<T>(2);
    require(low < high, ErrorKind::bad_argument, "Need minval < maxval, got ", low, " >= ", high);
    const U range = static_cast<U>(high) - static_cast<U>(low);
    for_groups<T, kCount>(args, size, 16, [&](uint64_t group, T* out) {
      const RandomBlock x = stream.block(args.random_blocks_drawn + group);
      for (size_t i = 0; i < kCount; ++i) {
        const U bits = sizeof(T) == 4
                           ? static_cast<U>(x[i])
                           : static_cast<U>(uint64_t{x[2 * i % 4 + 1]} << 32 | x[2 * i % 4]);
        out[i] = static_cast<T>(static_cast<U>(low) + bits % range);
      }
    });
  });
}

}  // namespace

void register_random(KernelRegistry& kernels) {
  kernels.add("RandomUniform", float32, prepare_draw<UniformFloat>);
  kernels.add("RandomUniform", float64, prepare_draw<UniformDouble>);
  kernels.add("RandomUniform", float16, prepare_draw<UniformHalf>);
  kernels.add("RandomUniform", bfloat16, prepare_draw<UniformBfloat16>);
  kernels.add("RandomStandardNormal", float32, prepare_draw<NormalFloat<float>>);
  kernels.add("RandomStandardNormal", float64, prepare_draw<NormalDouble>);
  kernels.add("RandomStandardNormal", float16, prepare_draw<NormalFloat<Half>>);
  kernels.add("RandomStandardNormal", bfloat16, prepare_draw<NormalFloat<Bfloat16>>);
  kernels.add("TruncatedNormal", float32, prepare_truncated<float>);
  kernels.add("TruncatedNormal", float64, prepare_truncated<double>);
  kernels.add("TruncatedNormal", float16, prepare_truncated<Half>);
  kernels.add("TruncatedNormal", bfloat16, prepare_truncated<Bfloat16>);
  // The dtype is the output's: of these, T is that of the shape.
  kernels.add("RandomUniformInt", DType::invalid, [](const KernelRequest& request) {
    return request.output_dtype(0) == DType::int32 ? prepare_integers<int32_t>(request)
                                                   : prepare_integers<int64_t>(request);
  });
}

}  // namespace tenon::cpu
