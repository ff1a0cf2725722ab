// The kernel of all elementwise operations: an interpreter of tapes. Every thread runs the whole
// tape on kVector elements; what lies between instructions stays in shared memory. All threads do
// the same, so that nothing diverges, and the cost of reading an instruction is shared by kVector
// elements.
#include "cuda/cuda_device.h"
#include "cuda/elementwise_tape.h"
#include "cuda/generated_launch.h"
#include "cuda/interpreted_loop.h"
#include "cuda/thread_words.h"
#include "cuda/typed_access.h"
#include "cuda/words.h"

namespace tenon::cuda {
namespace {

using internal::Primitive;

// One thread's work on its elements.
class Interpreter : public ThreadWords {
 public:
  __device__ Interpreter(const TapeView& tape, char* shared) : ThreadWords(tape, shared) {}

  __device__ void run(int64_t first) {
    first_ = first;
    for (int i = 0; i < tape_.step_count; ++i) {
      const TapeStep step = tape_.steps[i];
      if (step.op == TapeOp::kLoad) {
        load(step);
      } else if (step.op == TapeOp::kStore) {
        store(step);
      } else {
        compute(step);
      }
    }
  }

 private:
  __device__ void compute(const TapeStep& step) const {
    if (step.primitive == Primitive::kSelect) return select(step);
    switch (step.arithmetic) {
      case Arithmetic::kFloat:
        return compute_as<float>(step);
      case Arithmetic::kInt:
        return compute_as<int32_t>(step);
      case Arithmetic::kUnsigned:
        return compute_as<uint32_t>(step);
      case Arithmetic::kDouble:
        return compute_as<double>(step);
      case Arithmetic::kLong:
        return compute_as<int64_t>(step);
      case Arithmetic::kUnsignedLong:
        return compute_as<uint64_t>(step);
    }
  }

  __device__ __noinline__ void select(const TapeStep& step) const {
    const auto condition = operand<int32_t>(step.a);
    for (int k = 0; k < kVector; ++k) {
      const uint16_t chosen = condition[k] != 0 ? step.b : step.c;
      if (tape_.word_bytes == 8) {
        write(step, k, operand<uint64_t>(chosen)[k]);
      } else {
        write(step, k, operand<uint32_t>(chosen)[k]);
      }
    }
  }

  template <typename C>
  __device__ __noinline__ void compute_as(const TapeStep& step) const {
    if (step.primitive == Primitive::kCast) return cast<C>(step);
    if (answer<C>(step)) return;
    arithmetic<C>(step);
    // The result of fewer bits than it was computed in.
    if (step.dtype == DType::float32 || step.dtype == DType::int32 || step.dtype == DType::uint32 ||
        sizeof(C) == 8) {
      return;
    }
    with_dtype(step.dtype, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
      if constexpr (sizeof(T) < 4) {
        const auto words = operand<C>(step.out);
        for (int k = 0; k < kVector; ++k) write(step, k, narrowed<T>(words[k]));
      }
    });
  }

  template <typename C>
  __device__ void cast(const TapeStep& step) const {
    const auto a = operand<C>(step.a);
    with_dtype(step.dtype, [&](auto* type) {
      using T = std::remove_pointer_t<decltype(type)>;
#pragma unroll 1
      for (int k = 0; k < kVector; ++k) write(step, k, word(scalar::cast<T>(a[k])));
    });
  }

  // Whether the primitive answers with bool; then it has.
  template <typename C>
  __device__ bool answer(const TapeStep& step) const {
    using namespace scalar;
    const auto a = operand<C>(step.a), b = operand<C>(step.b);
    const auto one = [&](auto f) {
      for (int k = 0; k < kVector; ++k) write(step, k, f(a[k]));
      return true;
    };
    const auto two = [&](auto f) {
      for (int k = 0; k < kVector; ++k) write(step, k, f(a[k], b[k]));
      return true;
    };
    switch (step.primitive) {
      case Primitive::kEqual:
        return two(Equal());
      case Primitive::kNotEqual:
        return two(NotEqual());
      case Primitive::kLess:
        return two(Less());
      case Primitive::kLessEqual:
        return two(LessEqual());
      case Primitive::kGreater:
        return two(Greater());
      case Primitive::kGreaterEqual:
        return two(GreaterEqual());
      case Primitive::kLogicalAnd:
        return two(And());
      case Primitive::kLogicalOr:
        return two(Or());
      case Primitive::kLogicalNot:
        return one(Not());
      case Primitive::kIsNan:
        return one(IsNan());
      case Primitive::kIsFinite:
        return one(IsFinite());
      default:
        return false;
    }
  }

  template <typename C, class F>
  __device__ void unary(const TapeStep& step, F f) const {
    const auto a = operand<C>(step.a);
#pragma unroll 1
    for (int k = 0; k < kVector; ++k) write(step, k, f(a[k]));
  }
  template <typename C, class F>
  __device__ void binary(const TapeStep& step, F f) const {
    const auto a = operand<C>(step.a), b = operand<C>(step.b);
#pragma unroll
    for (int k = 0; k < kVector; ++k) write(step, k, f(a[k], b[k]));
  }
  // Of formulas that are long: once in the code.
  template <typename C, class F>
  __device__ void long_binary(const TapeStep& step, F f) const {
    const auto a = operand<C>(step.a), b = operand<C>(step.b);
#pragma unroll 1
    for (int k = 0; k < kVector; ++k) write(step, k, f(a[k], b[k]));
  }

  template <typename C>
  __device__ void arithmetic(const TapeStep& step) const {
    using namespace scalar;
    switch (step.primitive) {
      case Primitive::kNegate:
        return unary<C>(step, Negate());
      case Primitive::kAbs:
        return unary<C>(step, Abs());
      case Primitive::kSign:
        return unary<C>(step, Sign());
      case Primitive::kFloor:
        return unary<C>(step, Floor());
      case Primitive::kCeil:
        return unary<C>(step, Ceil());
      case Primitive::kRound:
        return unary<C>(step, Round());
      case Primitive::kReciprocal:
        return unary<C>(step, Reciprocal());
      case Primitive::kAdd:
        return binary<C>(step, Add());
      case Primitive::kSubtract:
        return binary<C>(step, Subtract());
      case Primitive::kMultiply:
        return binary<C>(step, Multiply());
      case Primitive::kMaximum:
        return binary<C>(step, Maximum());
      case Primitive::kMinimum:
        return binary<C>(step, Minimum());
      case Primitive::kSquaredDifference:
        return binary<C>(step, SquaredDifference());
      case Primitive::kDivide:
        return long_binary<C>(step, Divide());
      case Primitive::kFloorDivide:
        return long_binary<C>(step, FloorDivide());
      case Primitive::kFloorMod:
        return long_binary<C>(step, FloorMod());
      case Primitive::kTruncateMod:
        return long_binary<C>(step, TruncateMod());
      case Primitive::kPower:
        return long_binary<C>(step, Power());
      default:
        if constexpr (std::is_floating_point_v<C>) {
          functions<C>(step);
        } else {
          of_bits<C>(step);
        }
    }
  }

  template <typename C>
  __device__ void of_bits(const TapeStep& step) const {
    using namespace scalar;
    switch (step.primitive) {
      case Primitive::kBitwiseAnd:
        return binary<C>(step, BitwiseAnd());
      case Primitive::kBitwiseOr:
        return binary<C>(step, BitwiseOr());
      case Primitive::kBitwiseXor:
        return binary<C>(step, BitwiseXor());
      case Primitive::kLeftShift:
        return binary<C>(step, LeftShift());
      case Primitive::kRightShift:
        return binary<C>(step, RightShift());
      default:  // no other reaches the tape
        return;
    }
  }

  template <typename C>
  __device__ void functions(const TapeStep& step) const {
    using namespace scalar;
    switch (step.primitive) {
      case Primitive::kSqrt:
        return unary<C>(step, Sqrt());
      case Primitive::kRsqrt:
        return unary<C>(step, Rsqrt());
      case Primitive::kExp:
        return unary<C>(step, Exp());
      case Primitive::kExpm1:
        return unary<C>(step, Expm1());
      case Primitive::kLog:
        return unary<C>(step, Log());
      case Primitive::kLog1p:
        return unary<C>(step, Log1p());
      case Primitive::kTanh:
        return unary<C>(step, Tanh());
      case Primitive::kSigmoid:
        return unary<C>(step, Sigmoid());
      case Primitive::kErf:
        return unary<C>(step, Erf());
      case Primitive::kErfc:
        return unary<C>(step, Erfc());
      case Primitive::kErfinv:
        return unary<C>(step, Erfinv());
      case Primitive::kNdtri:
        return unary<C>(step, Ndtri());
      case Primitive::kLgamma:
        return unary<C>(step, Lgamma());
      case Primitive::kDigamma:
        return unary<C>(step, Digamma());
      case Primitive::kZeta:
        return long_binary<C>(step, Zeta());
      case Primitive::kSin:
        return unary<C>(step, Sin());
      case Primitive::kCos:
        return unary<C>(step, Cos());
      default:  // no other reaches the tape
        return;
    }
  }
};

template <class Sizes>
__global__ void run_tape(const __grid_constant__ Tape<Sizes> tape) {
  extern __shared__ uint64_t shared[];
  const TapeView view = {.step_count = tape.step_count,
                         .word_bytes = tape.word_bytes,
                         .constants_at = tape.constants_at,
                         .count = tape.count,
                         .steps = tape.steps,
                         .inputs = tape.inputs,
                         .outputs = tape.outputs,
                         .constants = tape.constants,
                         .offsets = tape.offsets};
  Interpreter interpreter(view, reinterpret_cast<char*>(shared));
  interpreter.load_constants(tape.constant_count);
  const int64_t tile = int64_t{blockDim.x} * kVector;
  for (int64_t first = blockIdx.x * tile; first < tape.count; first += gridDim.x * tile) {
    interpreter.run(first + threadIdx.x);
  }
}

template <class Sizes>
void launch_tape(const Launch& args, const PreparedTape& prepared, int threads) {
  Tape<Sizes> tape;
  tape.count = prepared.count;
  tape.step_count = static_cast<int>(prepared.steps.size());
  tape.constant_count = static_cast<int>(prepared.constants.size());
  tape.word_bytes = prepared.word_bytes();
  tape.constants_at = prepared.slots * prepared.bytes_of_slot() * threads;
  std::copy(prepared.steps.begin(), prepared.steps.end(), tape.steps);
  std::copy(prepared.constants.begin(), prepared.constants.end(), tape.constants);
  std::copy(prepared.offsets.begin(), prepared.offsets.end(), tape.offsets);
  std::copy_n(args.inputs, prepared.inputs, tape.inputs);
  std::copy_n(args.outputs, prepared.outputs, tape.outputs);
  run_tape<Sizes>
      <<<blocks_for(prepared.count, int64_t{threads} * kVector), static_cast<unsigned>(threads),
         prepared.shared_bytes(threads), stream(args)>>>(tape);
  check_launch("run_tape");
}

// Interprets a tape of at least one element.
std::function<void(const Launch&)> interpreter_of(const std::shared_ptr<const PreparedTape>& tape) {
  const int threads = tape_threads(*tape);
  const bool small = tape->steps.size() <= SmallTape::kSteps &&
                     tape->inputs <= SmallTape::kInputs && tape->outputs <= SmallTape::kOutputs &&
                     tape->constants.size() <= SmallTape::kConstants &&
                     tape->offsets.size() <= SmallTape::kOffsets;
  auto* interpret = small ? launch_tape<SmallTape> : launch_tape<LargeTape>;
  return [=](const Launch& args) { interpret(args, *tape, threads); };
}

Kernel prepare_elementwise(const KernelRequest& request) {
  const auto tape = std::make_shared<const PreparedTape>(request);
  if (tape->count == 0) return {.launch = [](const Launch&) {}};
  return generated_or({.launch = interpreter_of(tape)}, CudaDevice::of(request).compile_options(),
                      [&] { return generated_loop(*tape); });
}

}  // namespace

Kernel interpreted_elementwise(const KernelRequest& request) {
  const auto tape = std::make_shared<const PreparedTape>(request);
  if (tape->count == 0) return {.launch = [](const Launch&) {}};
  return {.launch = interpreter_of(tape)};
}

void register_elementwise(KernelRegistry& kernels) {
  // All inputs of an element are read before it is written.
  kernels.add(internal::kElementwiseOp, DType::invalid,
              {.prepare = prepare_elementwise, .in_place = {internal::kAnyInput}});
}

}  // namespace tenon::cuda
