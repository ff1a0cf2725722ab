// What lies between the instructions of a tape (kernels/elementwise.cu). Only for .cu files.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "cuda/elementwise_tape.h"
#include "cuda/typed_access.h"
#include "cuda/words.h"

namespace tenon::cuda {

// One thread's elements and words. Every word has its place in shared memory, `word_bytes` from the
// next thread's.
class ThreadWords {
 public:
  __device__ ThreadWords(const TapeView& tape, char* shared)
      : tape_(tape),
        row_(static_cast<int>(blockDim.x) * tape.word_bytes),
        words_(shared + static_cast<int>(threadIdx.x) * tape.word_bytes) {}

  // Puts the constants where every thread finds them; once a block.
  __device__ void load_constants(int count) {
    for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x)) {
      const uint64_t word = tape_.constants[i];
      memcpy(constant(i), &word, sizeof word);
    }
    __syncthreads();
  }

 protected:
  // Where an operand's words lie: kVector of them, or one for all.
  template <typename T>
  struct Words {
    const char* first;
    int step;
    __device__ T operator[](int k) const {
      T value;
      memcpy(&value, __builtin_assume_aligned(first + k * step, sizeof(T)), sizeof value);
      return value;
    }
  };

  __device__ char* slot(int slot, int k) const { return words_ + (slot * kVector + k) * row_; }
  __device__ char* constant(int index) const {
    return words_ - static_cast<int>(threadIdx.x) * tape_.word_bytes + tape_.constants_at +
           index * 8;
  }
  template <typename T>
  __device__ Words<T> operand(uint16_t operand) const {
    if ((operand & kConstant) != 0) return {constant(operand & 0x7fff), 0};
    return {slot(operand, 0), row_};
  }
  template <typename T>
  __device__ void write(const TapeStep& step, int k, T value) const {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8);
    memcpy(__builtin_assume_aligned(slot(step.out, k), sizeof(T)), &value, sizeof value);
  }
  __device__ int64_t element(int k) const { return first_ + k * static_cast<int>(blockDim.x); }

  __device__ __noinline__ void load(const TapeStep& step) const {
    const void* input = tape_.inputs[step.a];
    with_dtype(step.dtype, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
#pragma unroll
      for (int k = 0; k < kVector; ++k) {
        if (element(k) >= tape_.count) break;
        const int64_t at = step.b == 0   ? element(k)
                           : step.b == 1 ? 0
                                         : tape_.offsets[step.b - 2](element(k));
        write(step, k, word(static_cast<const T*>(input)[at]));
      }
    });
  }

  __device__ __noinline__ void store(const TapeStep& step) const {
    void* output = tape_.outputs[step.out];
    with_dtype(step.dtype, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      const auto words = operand<decltype(word(T{}))>(step.a);
#pragma unroll
      for (int k = 0; k < kVector; ++k) {
        if (element(k) >= tape_.count) break;
        static_cast<T*>(output)[element(k)] = static_cast<T>(words[k]);
      }
    });
  }

  const TapeView tape_;
  int row_;      // bytes from an element of one thread to its next
  char* words_;  // this thread's
  int64_t first_ = 0;
};

}  // namespace tenon::cuda
