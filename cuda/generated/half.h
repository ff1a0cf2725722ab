// Numbers of 16 bits in generated kernels, converted as CUDA's own types are. It is given to NVRTC
// under the name of core/tensor/half.h: NVRTC of a program's own toolkit may lack cuda_fp16.h.
#pragma once

namespace tenon::internal {

struct Half {
  uint16_t bits = 0;
  Half() = default;
  explicit Half(float value) { asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value)); }
  explicit operator float() const {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
  }
};

struct Bfloat16 {
  uint16_t bits = 0;
  Bfloat16() = default;
  explicit Bfloat16(float value) {
#if __CUDA_ARCH__ >= 900
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
#else  // as cuda_bf16.h has it where there is no instruction
    const uint32_t word = __float_as_uint(value);
    bits = value != value ? static_cast<uint16_t>(0x7fff)
                          : static_cast<uint16_t>((word + 0x7fffu + ((word >> 16) & 1u)) >> 16);
#endif
  }
  explicit operator float() const { return __uint_as_float(static_cast<uint32_t>(bits) << 16); }
};

}  // namespace tenon::internal
