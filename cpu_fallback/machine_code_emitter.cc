// Machine code for runs of instructions, by Xbyak. One loop over the elements of a block:
//
//   jump to `setup`
//   body:  load what is read, compute, store what is written, next elements
//   done:  return
//   setup: what the body turned out to need: addresses and constants in registers; jump to body
#include "cpu_fallback/machine_code.h"

#if defined(__x86_64__)

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

#include "core/base/check.h"
#include "cpu_fallback/machine_code_assembler.h"
#include "cpu_fallback/machine_code_registers.h"

namespace tenon::cpu {
namespace {

using internal::ElementwiseProgram;
using internal::Primitive;
using Instruction = ElementwiseProgram::Instruction;
using Xbyak::Reg64;

constexpr size_t kMostBytes = 32 << 10;

class Emitter : private VectorAssembler {
 public:
  Emitter(const InstructionRun& run, InstructionSet set, uint8_t* buffer)
      : VectorAssembler(set == InstructionSet::kAvx512, run.dtype == DType::float64, buffer,
                        kMostBytes),
        run_(run),
        first_constant_(static_cast<int>(run.program->inputs.size())),
        first_value_(first_constant_ + static_cast<int>(run.program->constants.size())),
        registers_(wide_) {}

  // The bytes of code in the buffer. Throws OutOfRegisters.
  size_t emit() {
    count_uses();
    Xbyak::Label setup, body, done;
    jmp(setup, T_NEAR);
    L(body);
    const std::vector<Instruction>& all = run_.program->instructions;
    for (size_t i = run_.first; i < run_.first + run_.count; ++i) {
      instruction(all[i], first_value_ + static_cast<int>(i));
    }
    for (const int value : run_.writes) store(value);
    add(rax, static_cast<uint32_t>(lanes()));
    cmp(rax, rsi);
    jb(body, T_NEAR);
    jmp(done, T_NEAR);
    L(setup);
    set_up();
    jmp(body, T_NEAR);
    L(done);
    vzeroupper();
    for (size_t i = addresses_.size(); i-- > kFreeAddresses;) pop(kAddresses[i]);
    ret();
    return getSize();
  }

 private:
  // The first ones are the function's to change; rax counts elements, rsi is their number.
  static constexpr size_t kFreeAddresses = 6;
  inline static const std::array<Reg64, 12> kAddresses = {
      Xbyak::util::rcx, Xbyak::util::rdx, Xbyak::util::r8,  Xbyak::util::r9,
      Xbyak::util::r10, Xbyak::util::r11, Xbyak::util::rbx, Xbyak::util::rbp,
      Xbyak::util::r12, Xbyak::util::r13, Xbyak::util::r14, Xbyak::util::r15};

  // ---- Values

  void count_uses() {
    const std::vector<Instruction>& all = run_.program->instructions;
    for (size_t i = run_.first; i < run_.first + run_.count; ++i) {
      for (const int operand : {all[i].a, all[i].b, all[i].c}) {
        if (operand >= 0) ++uses_[operand];
      }
    }
    for (const int value : run_.writes) ++uses_[value];
  }
  bool is_bool(int value) const { return run_.program->dtype_of_value(value) == DType::bool_; }
  bool is_constant(int value) const { return value >= first_constant_ && value < first_value_; }
  // A constant as the dtype has it; nothing of what is none.
  std::optional<double> constant(int value) const {
    if (!is_constant(value)) return std::nullopt;
    const double number =
        run_.program->constants[static_cast<size_t>(value - first_constant_)].number;
    return doubles_ ? number : double{static_cast<float>(number)};
  }

  Xmm pinned_bits(uint64_t bits) { return vector(registers_.pinned(bits, element_bytes())); }
  Xmm pinned_number(double number) {
    return pinned_bits(doubles_ ? std::bit_cast<uint64_t>(number)
                                : std::bit_cast<uint32_t>(static_cast<float>(number)));
  }
  // All bits of an element but so many of the highest.
  Xmm pinned_ones(int but) { return pinned_bits(~uint64_t{0} >> (64 - 8 * element_bytes() + but)); }

  // Where the value's elements of this round lie in memory.
  Xbyak::Address memory(int value) {
    const auto [at, added] = address_of_.try_emplace(value, addresses_.size());
    if (added) {
      if (addresses_.size() == kAddresses.size()) throw OutOfRegisters();
      addresses_.push_back(static_cast<size_t>(value));
    }
    return ptr[kAddresses[at->second] + rax * (is_bool(value) ? 1 : element_bytes())];
  }

  Xmm number(int value) {
    if (const auto known = constant(value)) return pinned_number(*known);
    const auto found = places_.find(value);
    if (found != places_.end()) return vector(found->second);
    const int index = places_[value] = registers_.take();
    vmovups(vector(index), memory(value));
    return vector(index);
  }

  int mask(int value) {
    const auto found = places_.find(value);
    return found != places_.end() ? found->second : places_[value] = load_mask(value);
  }
  int load_mask(int value) {
    const int bytes = registers_.take();
    if (wide_) {
      const Xmm narrow(bytes);
      doubles_ ? vmovq(narrow, memory(value)) : vmovups(narrow, memory(value));
      const int index = registers_.take_mask();
      vptestmb(Opmask(index), narrow, narrow);
      registers_.give_back(bytes);
      return index;
    }
    const Xmm loaded = vector(bytes), zero = pinned_number(0);
    doubles_ ? vpmovzxbq(loaded, memory(value)) : vpmovzxbd(loaded, memory(value));
    doubles_ ? vpcmpgtq(loaded, loaded, zero) : vpcmpgtd(loaded, loaded, zero);
    return bytes;
  }

  void used(int value) {
    if (value < 0 || is_constant(value) || --uses_[value] > 0) return;
    const auto found = places_.find(value);
    is_bool(value) ? registers_.give_back_mask(found->second) : registers_.give_back(found->second);
    places_.erase(found);
  }

  void store(int value) {
    if (!is_bool(value)) {
      vmovups(memory(value), number(value));
      return;
    }
    const int index = mask(value), bytes = registers_.take();
    const Xmm narrow(bytes), ones(registers_.pinned(0x01010101, 1));
    if (wide_) {
      vmovdqu8(where(narrow, index, true), ones);
    } else {
      vextracti128(narrow, Xbyak::Ymm(index), 1);
      vpackssdw(narrow, Xmm(index), narrow);
      vpacksswb(narrow, narrow, narrow);
      if (doubles_) vpacksswb(narrow, narrow, narrow);
      vpand(narrow, narrow, ones);
    }
    switch (lanes()) {
      case 16:
        vmovups(memory(value), narrow);
        break;
      case 8:
        vmovq(memory(value), narrow);
        break;
      default:
        vmovd(memory(value), narrow);
    }
    registers_.give_back(bytes);
  }

  // ---- Instructions

  void instruction(const Instruction& what, int value) {
    places_[value] = is_bool(value) ? bool_result(what) : number_result(what);
    for (const int operand : {what.a, what.b, what.c}) used(operand);
  }

  // The register of the result, which is none of the operands'.
  int number_result(const Instruction& what) {
    if (what.primitive == Primitive::kSelect) {
      const int chosen = mask(what.a);
      const Xmm b = number(what.b), c = number(what.c);
      const int index = registers_.take();
      choose(vector(index), chosen, b, c);
      return index;
    }
    if (what.primitive == Primitive::kCast) {
      const int from = mask(what.a), index = registers_.take();
      choose_or_zero(vector(index), from, pinned_number(1));
      return index;
    }
    const Xmm a = number(what.a);
    if (internal::operand_count(what.primitive) == 1) return unary(what.primitive, a);
    return binary(what, a, number(what.b));
  }

  int unary(Primitive primitive, const Xmm& a) {
    const int index = registers_.take();
    const Xmm to = vector(index);
    switch (primitive) {
      case Primitive::kNegate:
        bits_of_one(to, a, pinned_number(-0.0));
        break;
      case Primitive::kAbs:
        bits_of_both(to, a, pinned_ones(1));
        break;
      case Primitive::kSqrt:
        root(to, a);
        break;
      case Primitive::kRsqrt:
        root(to, a);
        divide(to, pinned_number(1), to);
        break;
      case Primitive::kReciprocal:
        divide(to, pinned_number(1), a);
        break;
      case Primitive::kFloor:
        round(to, a, Rounding::kDown);
        break;
      case Primitive::kCeil:
        round(to, a, Rounding::kUp);
        break;
      default:
        round(to, a, Rounding::kAsSet);
    }
    return index;
  }

  int binary(const Instruction& what, const Xmm& a, const Xmm& b) {
    const int index = registers_.take();
    const Xmm to = vector(index);
    switch (what.primitive) {
      case Primitive::kAdd:
        add_numbers(to, a, b);
        break;
      case Primitive::kSubtract:
        subtract(to, a, b);
        break;
      case Primitive::kMultiply:
        multiply(to, a, b);
        break;
      case Primitive::kDivide:
        divide(to, a, b);
        break;
      case Primitive::kFloorDivide:
        divide(to, a, b);
        round(to, to, Rounding::kDown);
        break;
      case Primitive::kSquaredDifference:
        subtract(to, a, b);
        multiply(to, to, to);
        break;
      default:
        extremum(what, to, a, b);
    }
    return index;
  }

  // ((a > b) | (a != a)) ? a : b. The processor's maximum is a > b ? a : b, which is that where a
  // is known to be no NaN; and turned around, where b is known to be neither NaN nor zero, whose
  // signs would tell.
  void extremum(const Instruction& what, const Xmm& to, const Xmm& a, const Xmm& b) {
    const auto by_processor = [&](const Xmm& x, const Xmm& y) {
      what.primitive == Primitive::kMaximum ? larger(to, x, y) : smaller(to, x, y);
    };
    const auto of_a = constant(what.a), of_b = constant(what.b);
    if (of_b && !std::isnan(*of_b) && *of_b != 0) return by_processor(b, a);
    by_processor(a, b);
    if (of_a && !std::isnan(*of_a)) return;
    const int unordered = compared(a, a, Predicate::kUnordered);
    choose(to, unordered, a, to);
    registers_.give_back_mask(unordered);
  }

  int compared(const Xmm& a, const Xmm& b, Predicate predicate) {
    const int index = registers_.take_mask();
    compare(index, a, b, predicate);
    return index;
  }

  int bool_result(const Instruction& what) {
    switch (what.primitive) {
      case Primitive::kEqual:
        return compared(number(what.a), number(what.b), Predicate::kEqual);
      case Primitive::kNotEqual:
        return compared(number(what.a), number(what.b), Predicate::kNotEqual);
      case Primitive::kLess:
        return compared(number(what.a), number(what.b), Predicate::kLess);
      case Primitive::kLessEqual:
        return compared(number(what.a), number(what.b), Predicate::kLessEqual);
      case Primitive::kGreater:
        return compared(number(what.a), number(what.b), Predicate::kGreater);
      case Primitive::kGreaterEqual:
        return compared(number(what.a), number(what.b), Predicate::kGreaterEqual);
      case Primitive::kIsNan:
        return compared(number(what.a), number(what.a), Predicate::kUnordered);
      case Primitive::kIsFinite:
        return is_finite(number(what.a));
      case Primitive::kCast:
        return compared(number(what.a), pinned_number(0), Predicate::kNotEqual);
      default:
        return logical(what);
    }
  }

  int is_finite(const Xmm& a) {
    const int size = registers_.take();
    bits_of_both(vector(size), a, pinned_ones(1));
    const double most =
        doubles_ ? std::numeric_limits<double>::max() : double{std::numeric_limits<float>::max()};
    const int finite = compared(vector(size), pinned_number(most), Predicate::kLessEqual);
    registers_.give_back(size);
    return finite;
  }

  int logical(const Instruction& what) {
    const int a = mask(what.a), b = what.b < 0 ? -1 : mask(what.b);
    const int index = registers_.take_mask();
    if (what.primitive == Primitive::kLogicalAnd) {
      both_masks(index, a, b);
    } else if (what.primitive == Primitive::kLogicalOr) {
      either_mask(index, a, b);
    } else if (wide_) {
      knotw(Opmask(index), Opmask(a));
    } else {
      vxorps(vector(index), vector(a), pinned_ones(0));
    }
    return index;
  }

  // ---- Before the first round

  void set_up() {
    for (size_t i = kFreeAddresses; i < addresses_.size(); ++i) push(kAddresses[i]);
    for (size_t i = 0; i < addresses_.size(); ++i) {
      mov(kAddresses[i], ptr[rdi + 8 * addresses_[i]]);
    }
    for (const auto& [bits, index] : registers_.constants()) {
      const Xmm narrow(index);
      mov(rax, bits.first);
      vmovq(narrow, rax);
      if (bits.second == 8) {
        vbroadcastsd(wide_ ? Xbyak::Zmm(index) : Xbyak::Ymm(index), narrow);
      } else {
        vbroadcastss(vector(index), narrow);
      }
    }
    xor_(eax, eax);
  }

  const InstructionRun& run_;
  const int first_constant_, first_value_;  // of the program
  VectorRegisters registers_;
  std::unordered_map<int, size_t> address_of_;  // of a value
  std::vector<size_t> addresses_;               // the values
  std::unordered_map<int, int> uses_;           // of a value, that are still to come
  std::unordered_map<int, int> places_;         // registers of values
};

}  // namespace

std::vector<uint8_t> emit_machine_code(const InstructionRun& run, InstructionSet set) {
  std::vector<uint8_t> buffer(kMostBytes);
  try {
    buffer.resize(Emitter(run, set, buffer.data()).emit());
  } catch (const OutOfRegisters&) {
    buffer.clear();
  } catch (const Xbyak::Error& error) {
    internal::require(error == Xbyak::ERR_CODE_IS_TOO_BIG, ErrorKind::bad_argument,
                      "Xbyak: ", error.what());
    buffer.clear();
  }
  return buffer;
}

}  // namespace tenon::cpu

#else

namespace tenon::cpu {

std::vector<uint8_t> emit_machine_code(const InstructionRun&, InstructionSet) { return {}; }

}  // namespace tenon::cpu

#endif
