// Machine code for runs of instructions, by Xbyak. One loop over the elements of a block:
//
//   jump to `setup`
//   body:  load what is read, compute, store what is written, next elements
//   done:  return
//   setup: what the body turned out to need: addresses and constants in registers; jump to body
#include "cpu_fallback/machine_code.h"

#if defined(__x86_64__)

#include <xbyak/xbyak.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "core/base/check.h"

namespace tenon::cpu {
namespace {

using internal::ElementwiseProgram;
using internal::Primitive;
using Instruction = ElementwiseProgram::Instruction;
using Xbyak::Opmask;
using Xbyak::Reg64;
using Xbyak::Xmm;

struct OutOfRegisters {};

// The predicates of vcmpps that don't raise exceptions for NaN.
enum Predicate : uint8_t {
  kEqualQuiet = 0,
  kUnordered = 3,
  kNotEqualQuiet = 4,
  kLessQuiet = 17,
  kLessEqualQuiet = 18,
  kGreaterEqualQuiet = 29,
  kGreaterQuiet = 30,
};

// What vrndscaleps and vroundps take; without telling of inexact results.
enum Rounding : uint8_t { kDown = 9, kUp = 10, kAsSet = 12 };

constexpr size_t kMostBytes = 32 << 10;

class Emitter : private Xbyak::CodeGenerator {
 public:
  Emitter(const InstructionRun& run, InstructionSet set, uint8_t* buffer)
      : CodeGenerator(kMostBytes, buffer),
        run_(run),
        wide_(set == InstructionSet::kAvx512),
        doubles_(run.dtype == DType::float64),
        size_(doubles_ ? 8 : 4),
        lanes_((wide_ ? 64 : 32) / size_),
        first_pinned_(wide_ ? 32 : 16) {
    for (int i = 0; i < first_pinned_; ++i) free_vectors_.insert(i);
    for (int i = 1; i < 8; ++i) free_masks_.insert(i);  // k0 can't choose
    const auto& program = *run.program;
    first_constant_ = static_cast<int>(program.inputs.size());
    first_value_ = first_constant_ + static_cast<int>(program.constants.size());
  }

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
    add(rax, static_cast<uint32_t>(lanes_));
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

  // ---- Registers

  Xmm vector(int index) const { return wide_ ? Xmm(Xbyak::Zmm(index)) : Xmm(Xbyak::Ymm(index)); }
  int take_vector() {
    // Those of constants lie above: the loop's next round finds them as they were.
    if (free_vectors_.empty()) throw OutOfRegisters();
    const int index = *free_vectors_.begin();
    free_vectors_.erase(free_vectors_.begin());
    highest_used_ = std::max(highest_used_, index);
    return index;
  }
  void give_back(int index) { free_vectors_.insert(index); }
  // A mask of bools: one of AVX-512's, or a vector of all bits or none.
  int take_mask() {
    if (!wide_) return take_vector();
    if (free_masks_.empty()) throw OutOfRegisters();
    const int index = *free_masks_.begin();
    free_masks_.erase(free_masks_.begin());
    return index;
  }
  void give_back_mask(int index) { (wide_ ? free_masks_ : free_vectors_).insert(index); }

  // The register that holds these bits in each element of that size (1: bytes).
  int pinned(uint64_t bits, int size) {
    const auto [at, added] = constants_.try_emplace({bits, size}, 0);
    if (added) {
      if (free_vectors_.empty() || *free_vectors_.rbegin() != first_pinned_ - 1 ||
          highest_used_ >= first_pinned_ - 1) {
        throw OutOfRegisters();
      }
      free_vectors_.erase(--first_pinned_);
      at->second = first_pinned_;
    }
    return at->second;
  }
  Xmm pinned_number(double number) {
    const uint64_t bits = doubles_ ? std::bit_cast<uint64_t>(number)
                                   : std::bit_cast<uint32_t>(static_cast<float>(number));
    return vector(pinned(bits, size_));
  }
  Xmm pinned_sign() { return pinned_number(-0.0); }
  Xmm pinned_without_sign() {
    return vector(pinned(doubles_ ? ~uint64_t{0} >> 1 : uint64_t{0x7fffffff}, size_));
  }

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
  const ElementwiseProgram::Constant* constant(int value) const {
    if (value < first_constant_ || value >= first_value_) return nullptr;
    return &run_.program->constants[static_cast<size_t>(value - first_constant_)];
  }

  // Where the value's elements of this round lie in memory.
  Xbyak::Address memory(int value) {
    const auto [at, added] = address_of_.try_emplace(value, addresses_.size());
    if (added) {
      if (addresses_.size() == kAddresses.size()) throw OutOfRegisters();
      addresses_.push_back(static_cast<size_t>(value));
    }
    return ptr[kAddresses[at->second] + rax * (is_bool(value) ? 1 : size_)];
  }

  Xmm number(int value) {
    if (const auto* known = constant(value)) return pinned_number(known->number);
    const auto found = places_.find(value);
    if (found != places_.end()) return vector(found->second);
    const int index = places_[value] = take_vector();
    vmovups(vector(index), memory(value));
    return vector(index);
  }

  int mask(int value) {
    const auto found = places_.find(value);
    if (found != places_.end()) return found->second;
    const int bytes = take_vector();
    int index = bytes;
    const Xmm narrow(bytes);
    if (wide_) {
      index = take_mask();
      if (doubles_) {
        vmovq(narrow, memory(value));
      } else {
        vmovups(narrow, memory(value));
      }
      vptestmb(Opmask(index), narrow, narrow);
      give_back(bytes);
    } else if (doubles_) {
      vpmovzxbq(vector(index), memory(value));
      vpcmpgtq(vector(index), vector(index), pinned_number(0));
    } else {
      vpmovzxbd(vector(index), memory(value));
      vpcmpgtd(vector(index), vector(index), pinned_number(0));
    }
    return places_[value] = index;
  }

  void used(int value) {
    if (value < 0 || constant(value) != nullptr || --uses_[value] > 0) return;
    const auto found = places_.find(value);
    is_bool(value) ? give_back_mask(found->second) : give_back(found->second);
    places_.erase(found);
  }

  void store(int value) {
    if (!is_bool(value)) {
      vmovups(memory(value), number(value));
      return;
    }
    const int index = mask(value), bytes = take_vector();
    const Xmm ones(pinned(0x01010101, 1));
    const Xmm narrow(bytes);
    if (wide_) {
      Xmm chosen = narrow;
      chosen.setOpmaskIdx(index);
      chosen.setZero();
      vmovdqu8(chosen, ones);
    } else {
      vextracti128(narrow, Xbyak::Ymm(index), 1);
      vpackssdw(narrow, Xmm(index), narrow);
      vpacksswb(narrow, narrow, narrow);
      if (doubles_) vpacksswb(narrow, narrow, narrow);
      vpand(narrow, narrow, ones);
    }
    switch (lanes_) {
      case 16:
        vmovups(memory(value), narrow);
        break;
      case 8:
        vmovq(memory(value), narrow);
        break;
      default:
        vmovd(memory(value), narrow);
    }
    give_back(bytes);
  }

  // ---- Instructions

  void instruction(const Instruction& what, int value) {
    if (is_bool(value)) {
      places_[value] = bool_result(what);
    } else {
      places_[value] = number_result(what);
    }
    for (const int operand : {what.a, what.b, what.c}) used(operand);
  }

  // The register of the result, which is none of the operands'.
  int number_result(const Instruction& what) {
    if (what.primitive == Primitive::kSelect) return select(what);
    if (what.primitive == Primitive::kCast) return from_bool(what);
    const Xmm a = number(what.a);
    if (internal::operand_count(what.primitive) == 1) return unary(what.primitive, a);
    return binary(what, a, number(what.b));
  }

  int unary(Primitive primitive, const Xmm& a) {
    const int index = take_vector();
    const Xmm to = vector(index);
    switch (primitive) {
      case Primitive::kNegate:
        doubles_ ? vxorpd(to, a, pinned_sign()) : vxorps(to, a, pinned_sign());
        break;
      case Primitive::kAbs:
        without_sign(to, a);
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
        round(to, a, kDown);
        break;
      case Primitive::kCeil:
        round(to, a, kUp);
        break;
      default:
        round(to, a, kAsSet);
    }
    return index;
  }

  int binary(const Instruction& what, const Xmm& a, const Xmm& b) {
    const int index = take_vector();
    const Xmm to = vector(index);
    switch (what.primitive) {
      case Primitive::kAdd:
        doubles_ ? vaddpd(to, a, b) : vaddps(to, a, b);
        break;
      case Primitive::kMultiply:
        doubles_ ? vmulpd(to, a, b) : vmulps(to, a, b);
        break;
      case Primitive::kDivide:
        divide(to, a, b);
        break;
      case Primitive::kFloorDivide:
        divide(to, a, b);
        round(to, to, kDown);
        break;
      case Primitive::kMaximum:
      case Primitive::kMinimum:
        extremum(what, to, a, b);
        break;
      default:
        doubles_ ? vsubpd(to, a, b) : vsubps(to, a, b);
        if (what.primitive == Primitive::kSquaredDifference) {
          doubles_ ? vmulpd(to, to, to) : vmulps(to, to, to);
        }
    }
    return index;
  }

  void divide(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vdivpd(to, a, b) : vdivps(to, a, b);
  }
  void root(const Xmm& to, const Xmm& a) { doubles_ ? vsqrtpd(to, a) : vsqrtps(to, a); }
  void without_sign(const Xmm& to, const Xmm& a) {
    doubles_ ? vandpd(to, a, pinned_without_sign()) : vandps(to, a, pinned_without_sign());
  }
  void round(const Xmm& to, const Xmm& a, Rounding how) {
    if (wide_) {
      doubles_ ? vrndscalepd(to, a, how) : vrndscaleps(to, a, how);
    } else {
      doubles_ ? vroundpd(to, a, how) : vroundps(to, a, how);
    }
  }
  void larger_or_smaller(bool larger, const Xmm& to, const Xmm& a, const Xmm& b) {
    if (larger) {
      doubles_ ? vmaxpd(to, a, b) : vmaxps(to, a, b);
    } else {
      doubles_ ? vminpd(to, a, b) : vminps(to, a, b);
    }
  }

  // ((a > b) | (a != a)) ? a : b. The processor's maximum is a > b ? a : b, which is that where a
  // is known to be no NaN; and turned around, where b is known to be neither NaN nor zero, whose
  // signs would tell.
  void extremum(const Instruction& what, const Xmm& to, const Xmm& a, const Xmm& b) {
    const bool larger = what.primitive == Primitive::kMaximum;
    const auto *of_a = constant(what.a), *of_b = constant(what.b);
    if (of_b != nullptr && !std::isnan(of_b->number) && of_b->number != 0) {
      larger_or_smaller(larger, to, b, a);
      return;
    }
    larger_or_smaller(larger, to, a, b);
    if (of_a != nullptr && !std::isnan(of_a->number)) return;
    const int unordered = compare(a, a, kUnordered);
    choose(to, unordered, a, to);
    give_back_mask(unordered);
  }

  // The mask's a, elsewhere b.
  void choose(const Xmm& to, int mask, const Xmm& a, const Xmm& b) {
    if (wide_) {
      Xmm chosen = to;
      chosen.setOpmaskIdx(mask);
      doubles_ ? vblendmpd(chosen, b, a) : vblendmps(chosen, b, a);
    } else {
      doubles_ ? vblendvpd(to, b, a, vector(mask)) : vblendvps(to, b, a, vector(mask));
    }
  }
  int select(const Instruction& what) {
    const int chosen = mask(what.a);
    const Xmm b = number(what.b), c = number(what.c);
    const int index = take_vector();
    choose(vector(index), chosen, b, c);
    return index;
  }
  int from_bool(const Instruction& what) {
    const int from = mask(what.a), index = take_vector();
    if (wide_) {
      Xmm chosen = vector(index);
      chosen.setOpmaskIdx(from);
      chosen.setZero();
      doubles_ ? vmovapd(chosen, pinned_number(1)) : vmovaps(chosen, pinned_number(1));
    } else {
      vandps(vector(index), vector(from), pinned_number(1));
    }
    return index;
  }

  int compare(const Xmm& a, const Xmm& b, Predicate predicate) {
    const int index = take_mask();
    if (wide_) {
      const Opmask to(index);
      doubles_ ? vcmppd(to, a, b, predicate) : vcmpps(to, a, b, predicate);
    } else {
      const Xmm to = vector(index);
      doubles_ ? vcmppd(to, a, b, predicate) : vcmpps(to, a, b, predicate);
    }
    return index;
  }

  int bool_result(const Instruction& what) {
    switch (what.primitive) {
      case Primitive::kEqual:
        return compare(number(what.a), number(what.b), kEqualQuiet);
      case Primitive::kNotEqual:
        return compare(number(what.a), number(what.b), kNotEqualQuiet);
      case Primitive::kLess:
        return compare(number(what.a), number(what.b), kLessQuiet);
      case Primitive::kLessEqual:
        return compare(number(what.a), number(what.b), kLessEqualQuiet);
      case Primitive::kGreater:
        return compare(number(what.a), number(what.b), kGreaterQuiet);
      case Primitive::kGreaterEqual:
        return compare(number(what.a), number(what.b), kGreaterEqualQuiet);
      case Primitive::kIsNan:
        return compare(number(what.a), number(what.a), kUnordered);
      case Primitive::kIsFinite:
        return is_finite(number(what.a));
      case Primitive::kCast:
        return compare(number(what.a), pinned_number(0), kNotEqualQuiet);
      default:
        return logical(what);
    }
  }

  int is_finite(const Xmm& a) {
    const int size = take_vector();
    without_sign(vector(size), a);
    const double most =
        doubles_ ? std::numeric_limits<double>::max() : double{std::numeric_limits<float>::max()};
    const int finite = compare(vector(size), pinned_number(most), kLessEqualQuiet);
    give_back(size);
    return finite;
  }

  int logical(const Instruction& what) {
    const int a = mask(what.a), b = what.b < 0 ? -1 : mask(what.b), index = take_mask();
    const bool both = what.primitive == Primitive::kLogicalAnd;
    if (b < 0) {
      if (wide_) {
        knotw(Opmask(index), Opmask(a));
      } else {
        vxorps(vector(index), vector(a), vector(pinned(~uint64_t{0} >> (64 - 8 * size_), size_)));
      }
    } else if (wide_) {
      both ? kandw(Opmask(index), Opmask(a), Opmask(b)) : korw(Opmask(index), Opmask(a), Opmask(b));
    } else {
      both ? vandps(vector(index), vector(a), vector(b))
           : vorps(vector(index), vector(a), vector(b));
    }
    return index;
  }

  // ---- Before the first round

  void set_up() {
    for (size_t i = kFreeAddresses; i < addresses_.size(); ++i) push(kAddresses[i]);
    for (size_t i = 0; i < addresses_.size(); ++i) {
      mov(kAddresses[i], ptr[rdi + 8 * addresses_[i]]);
    }
    for (const auto& [bits, index] : constants_) {
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

  struct Hash {
    size_t operator()(const std::pair<uint64_t, int>& bits) const {
      return std::hash<uint64_t>()(bits.first) ^ static_cast<size_t>(bits.second);
    }
  };

  const InstructionRun& run_;
  const bool wide_, doubles_;
  const int size_, lanes_;  // bytes of an element, elements of a vector
  int first_constant_ = 0, first_value_ = 0;
  int first_pinned_, highest_used_ = -1;
  std::set<int> free_vectors_, free_masks_;
  std::unordered_map<std::pair<uint64_t, int>, int, Hash> constants_;  // to registers
  std::unordered_map<int, size_t> address_of_;                         // of a value
  std::vector<size_t> addresses_;                                      // the values
  std::unordered_map<int, int> uses_;    // of a value, that are still to come
  std::unordered_map<int, int> places_;  // registers of values
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
