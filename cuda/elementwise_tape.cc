#include "cuda/elementwise_tape.h"
#include "core/base/check.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>

#include "core/kernels/kernel_arguments.h"
#include "core/tensor/half.h"

namespace tenon::cuda {

using internal::ElementwiseProgram;
using internal::KernelRequest;
using internal::Primitive;
using internal::require;

Arithmetic arithmetic_of(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return Arithmetic::kDouble;
    case DType::uint32:
      return Arithmetic::kUnsigned;
    case DType::int64:
      return Arithmetic::kLong;
    case DType::uint64:
      return Arithmetic::kUnsignedLong;
    case DType::float32:
    case DType::float16:
    case DType::bfloat16:
      return Arithmetic::kFloat;
    default:
      return Arithmetic::kInt;
  }
}

uint64_t word_of(const ElementwiseProgram::Constant& constant) {
  if (constant.dtype == DType::float64) return internal::bits_as<uint64_t>(constant.number);
  if (!is_floating(constant.dtype)) return static_cast<uint64_t>(constant.integer);
  auto number = static_cast<float>(constant.number);
  if (constant.dtype == DType::float16) {
    number = static_cast<float>(internal::Half(number));
  } else if (constant.dtype == DType::bfloat16) {
    number = static_cast<float>(internal::Bfloat16(number));
  }
  return internal::bits_as<uint32_t>(number);
}

// Neighbouring axes that are all repeated, or all not, are one.
Offsets broadcast_offsets(const Shape& from, const Shape& to) {
  const int missing = to.rank() - from.rank();
  bool fits = missing >= 0;
  struct Axis {
    int64_t size;
    bool repeated;
  };
  std::vector<Axis> axes;
  int64_t count = 1;
  for (int i = 0; fits && i < to.rank(); ++i) {
    const int64_t size = i < missing ? 1 : from[i - missing];
    fits = size == to[i] || size == 1;
    count *= to[i];
    if (to[i] == 1) continue;
    const bool repeated = size == 1;
    if (!axes.empty() && axes.back().repeated == repeated) {
      axes.back().size *= to[i];
    } else {
      axes.push_back({to[i], repeated});
    }
  }
  require(fits, ErrorKind::shape_incompatible, "Incompatible shapes: ", from,
          " can't be broadcast to ", to);
  Offsets offsets;
  int64_t stride = 1;
  for (size_t i = axes.size(); i-- > 0;) {
    offsets.add(axes[i].size, axes[i].repeated ? 0 : stride, count);
    if (!axes[i].repeated) stride *= axes[i].size;
  }
  return offsets;
}

namespace {

constexpr size_t kSharedBytes = 48 << 10;
constexpr int kMostThreads = 256, kFewestThreads = 32;

// The same primitives have a meaning as on the CPU.
bool has_meaning(Primitive primitive, DType dtype) {
  if (primitive == Primitive::kSelect || primitive == Primitive::kCast) return true;
  switch (primitive) {
    case Primitive::kLogicalNot:
    case Primitive::kLogicalAnd:
    case Primitive::kLogicalOr:
      return dtype == DType::bool_;
    case Primitive::kEqual:
    case Primitive::kNotEqual:
      return true;
    case Primitive::kSqrt:
    case Primitive::kRsqrt:
    case Primitive::kExp:
    case Primitive::kExpm1:
    case Primitive::kLog:
    case Primitive::kLog1p:
    case Primitive::kTanh:
    case Primitive::kSigmoid:
    case Primitive::kErf:
    case Primitive::kErfc:
    case Primitive::kErfinv:
    case Primitive::kNdtri:
    case Primitive::kLgamma:
    case Primitive::kDigamma:
    case Primitive::kZeta:
    case Primitive::kSin:
    case Primitive::kCos:
    case Primitive::kIsFinite:
    case Primitive::kIsNan:
      return is_floating(dtype);
    case Primitive::kBitwiseAnd:
    case Primitive::kBitwiseOr:
    case Primitive::kBitwiseXor:
    case Primitive::kLeftShift:
    case Primitive::kRightShift:
      return is_integer(dtype);
    default:
      return dtype != DType::bool_;
  }
}

class Writer {
 public:
  Writer(const KernelRequest& request, PreparedTape& tape)
      : request_(request),
        program_(*request.program),
        tape_(tape),
        last_use_(static_cast<size_t>(program_.value_count()), 0),
        slot_(last_use_.size(), kNone) {}

  void run() {
    tape_.count = request_.output_shape(0).element_count();
    tape_.inputs = program_.inputs.size();
    tape_.outputs = program_.outputs.size();
    for (const auto& constant : program_.constants) tape_.constants.push_back(word_of(constant));
    for (int value = 0; value < program_.value_count(); ++value) {
      tape_.wide = tape_.wide || size_of(program_.dtype_of_value(value)) == 8;
    }
    find_offsets();
    find_order();
    find_last_uses();
    for (size_t at = 0; at < order_.size(); ++at) compute(at);
    // Outputs may lie where inputs do: nothing is stored before all is read.
    for (const int output : program_.outputs) operand(output, order_.size());
    for (size_t i = 0; i < program_.outputs.size(); ++i) {
      const int value = program_.outputs[i];
      tape_.steps.push_back({.op = TapeOp::kStore,
                             .primitive = {},
                             .arithmetic = {},
                             .dtype = program_.dtype_of_value(value),
                             .out = static_cast<uint16_t>(i),
                             .a = operand(value, order_.size()),
                             .b = 0,
                             .c = 0});
    }
  }

 private:
  static constexpr uint16_t kNone = 0xffff;

  int first_instruction() const {
    return static_cast<int>(program_.inputs.size() + program_.constants.size());
  }

  void find_offsets() {
    const Shape& shape = request_.output_shape(0);
    std::map<std::vector<int64_t>, uint16_t> known;
    for (const internal::TensorSpec& input : request_.inputs) {
      const Offsets offsets = broadcast_offsets(input.shape, shape);
      if (input.shape.element_count() == tape_.count) {
        offsets_of_.push_back(0);
      } else if (input.shape.element_count() == 1) {
        offsets_of_.push_back(1);
      } else {
        const auto sizes = input.shape.sizes();
        std::vector<int64_t> key(static_cast<size_t>(shape.rank() - input.shape.rank()), 1);
        key.insert(key.end(), sizes.begin(), sizes.end());
        const auto [at, added] =
            known.emplace(key, static_cast<uint16_t>(2 + tape_.offsets.size()));
        if (added) tape_.offsets.push_back(offsets);
        offsets_of_.push_back(at->second);
      }
    }
  }

  const ElementwiseProgram::Instruction& instruction_of(int value) const {
    return program_.instructions[static_cast<size_t>(value - first_instruction())];
  }

  // How many slots it takes to compute each value, of what is computed from one.
  std::vector<int> find_needs() const {
    std::vector<int> needs(last_use_.size(), 1);
    const auto constants = static_cast<std::ptrdiff_t>(program_.inputs.size());
    std::fill(needs.begin() + constants, needs.begin() + first_instruction(), 0);
    for (int value = first_instruction(); value < program_.value_count(); ++value) {
      const auto& instruction = instruction_of(value);
      const auto need = [&](int operand) {
        return operand < 0 ? 0 : needs[static_cast<size_t>(operand)];
      };
      std::array<int, 3> most = {need(instruction.a), need(instruction.b), need(instruction.c)};
      std::sort(most.begin(), most.end(), std::greater<>());
      int own = 1;
      for (int i = 0; i < 3; ++i) {
        const int held = most[static_cast<size_t>(i)];
        if (held > 0) own = std::max(own, held + i);
      }
      needs[static_cast<size_t>(value)] = own;
    }
    return needs;
  }

  // Of operands those that need more are computed first, so that few values live at one time:
  // fusing puts all producers before the one that uses them.
  void find_order() {
    const std::vector<int> needs = find_needs();
    std::vector<bool> reached(needs.size(), false), done(needs.size(), false);
    std::vector<int> waiting(program_.outputs.rbegin(), program_.outputs.rend());
    while (!waiting.empty()) {
      const int value = waiting.back();
      const auto at = static_cast<size_t>(value);
      if (value < first_instruction() || done[at]) {
        waiting.pop_back();
      } else if (reached[at]) {
        order_.push_back(value);
        done[at] = true;
      } else {
        reached[at] = true;
        const auto& instruction = instruction_of(value);
        const size_t first = waiting.size();
        for (const int operand : {instruction.c, instruction.b, instruction.a}) {
          if (operand >= 0) waiting.push_back(operand);
        }
        std::stable_sort(waiting.begin() + static_cast<std::ptrdiff_t>(first), waiting.end(),
                         [&](int x, int y) {
                           return needs[static_cast<size_t>(x)] < needs[static_cast<size_t>(y)];
                         });
      }
    }
  }

  void find_last_uses() {
    const auto use = [&](int value, size_t at) {
      if (value >= 0) last_use_[static_cast<size_t>(value)] = at;
    };
    for (size_t at = 0; at < order_.size(); ++at) {
      const auto& instruction = instruction_of(order_[at]);
      for (const int value : {instruction.a, instruction.b, instruction.c}) use(value, at);
    }
    for (const int value : program_.outputs) use(value, order_.size());
  }

  uint16_t take_slot() {
    if (free_.empty()) {
      require<UnimplementedError>(tape_.slots < kConstant, ErrorKind::no_kernel,
                                  "The program has too many values for the GPU's interpreter");
      return static_cast<uint16_t>(tape_.slots++);
    }
    const uint16_t slot = free_.back();
    free_.pop_back();
    return slot;
  }

  // Where a value can be read; inputs are loaded when they are first needed.
  uint16_t operand(int value, size_t at) {
    const auto inputs = static_cast<int>(program_.inputs.size());
    if (value >= inputs && value < first_instruction()) {
      return static_cast<uint16_t>(kConstant + value - inputs);
    }
    uint16_t& slot = slot_[static_cast<size_t>(value)];
    if (slot == kNone) {
      slot = take_slot();
      tape_.steps.push_back({.op = TapeOp::kLoad,
                             .primitive = {},
                             .arithmetic = {},
                             .dtype = program_.dtype_of_value(value),
                             .out = slot,
                             .a = static_cast<uint16_t>(value),
                             .b = offsets_of_[static_cast<size_t>(value)],
                             .c = 0});
    }
    if (last_use_[static_cast<size_t>(value)] == at) dying_.push_back(value);
    return slot;
  }

  void compute(size_t at) {
    const ElementwiseProgram::Instruction& instruction = instruction_of(order_[at]);
    require<UnimplementedError>(
        has_meaning(instruction.primitive, instruction.operand_dtype), ErrorKind::no_kernel,
        "There is no ", internal::to_string(instruction.primitive), " of ",
        instruction.operand_dtype, " giving ", instruction.dtype, " on the GPU");
    dying_.clear();
    TapeStep step = {.op = TapeOp::kCompute,
                     .primitive = instruction.primitive,
                     .arithmetic = arithmetic_of(instruction.operand_dtype),
                     .dtype = instruction.dtype,
                     .out = 0,
                     .a = operand(instruction.a, at),
                     .b = instruction.b < 0 ? uint16_t{0} : operand(instruction.b, at),
                     .c = instruction.c < 0 ? uint16_t{0} : operand(instruction.c, at)};
    // Each thread reads its operands before it writes: the result may take the slot of one.
    for (const int value : dying_) {
      uint16_t& slot = slot_[static_cast<size_t>(value)];
      if (slot != kNone) free_.push_back(slot);
      slot = kNone;
    }
    step.out = take_slot();
    slot_[static_cast<size_t>(order_[at])] = step.out;
    tape_.steps.push_back(step);
  }

  const KernelRequest& request_;
  const ElementwiseProgram& program_;
  PreparedTape& tape_;
  std::vector<int> order_;            // the values that instructions make
  std::vector<size_t> last_use_;      // by value: where in that order, or behind it
  std::vector<uint16_t> slot_;        // by value
  std::vector<uint16_t> offsets_of_;  // by input
  std::vector<uint16_t> free_;
  std::vector<int> dying_;  // operands of the instruction at hand that nothing needs after it
};

}  // namespace

PreparedTape::PreparedTape(const KernelRequest& request) {
  require(request.program != nullptr && !request.outputs.empty(), ErrorKind::bad_argument,
          "An elementwise kernel needs a program with an output");
  Writer(request, *this).run();
  const bool fits = steps.size() <= LargeTape::kSteps && inputs <= LargeTape::kInputs &&
                    outputs <= LargeTape::kOutputs && constants.size() <= LargeTape::kConstants &&
                    offsets.size() <= LargeTape::kOffsets;
  require<UnimplementedError>(fits, ErrorKind::no_kernel, "A program of ", steps.size(),
                              " steps on ", inputs, " inputs of ", offsets.size(),
                              " kinds of broadcasting is too large for the GPU's interpreter");
}

int tape_threads(const PreparedTape& tape) {
  int threads = kMostThreads;
  while (threads > kFewestThreads && tape.shared_bytes(threads) > kSharedBytes) threads /= 2;
  require<UnimplementedError>(tape.shared_bytes(threads) <= kSharedBytes, ErrorKind::no_kernel,
                              "A program with ", tape.slots,
                              " values at one time is too large for the GPU's interpreter");
  return threads;
}

}  // namespace tenon::cuda
