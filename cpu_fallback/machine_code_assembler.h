// Vectors of float32 or float64 in AVX2's and AVX-512's instructions, by Xbyak: one function for
// what these sets, and the two dtypes, do by different ones.
//
// A mask says of each element whether it is chosen: one of AVX-512's own, else a vector of all bits
// or none; either is told by its number.
#pragma once

#include <xbyak/xbyak.h>

#include <cstddef>
#include <cstdint>

namespace tenon::cpu {

// The predicates of vcmpps that don't raise exceptions for NaN.
enum class Predicate : uint8_t {
  kEqual = 0,
  kUnordered = 3,
  kNotEqual = 4,
  kLess = 17,
  kLessEqual = 18,
  kGreaterEqual = 29,
  kGreater = 30,
};

// What vrndscaleps and vroundps take; without telling of inexact results.
enum class Rounding : uint8_t { kDown = 9, kUp = 10, kAsSet = 12 };

class VectorAssembler : protected Xbyak::CodeGenerator {
 protected:
  using Xmm = Xbyak::Xmm;
  using Opmask = Xbyak::Opmask;

  VectorAssembler(bool wide, bool doubles, uint8_t* buffer, size_t bytes)
      : CodeGenerator(bytes, buffer), wide_(wide), doubles_(doubles) {}

  int element_bytes() const { return doubles_ ? 8 : 4; }
  int lanes() const { return (wide_ ? 64 : 32) / element_bytes(); }
  Xmm vector(int index) const { return wide_ ? Xmm(Xbyak::Zmm(index)) : Xmm(Xbyak::Ymm(index)); }

  void add_numbers(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vaddpd(to, a, b) : vaddps(to, a, b);
  }
  void subtract(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vsubpd(to, a, b) : vsubps(to, a, b);
  }
  void multiply(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vmulpd(to, a, b) : vmulps(to, a, b);
  }
  void divide(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vdivpd(to, a, b) : vdivps(to, a, b);
  }
  // a > b ? a : b
  void larger(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vmaxpd(to, a, b) : vmaxps(to, a, b);
  }
  // a < b ? a : b
  void smaller(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vminpd(to, a, b) : vminps(to, a, b);
  }
  void root(const Xmm& to, const Xmm& a) { doubles_ ? vsqrtpd(to, a) : vsqrtps(to, a); }
  void round(const Xmm& to, const Xmm& a, Rounding how) {
    const auto by = static_cast<uint8_t>(how);
    if (wide_) {
      doubles_ ? vrndscalepd(to, a, by) : vrndscaleps(to, a, by);
    } else {
      doubles_ ? vroundpd(to, a, by) : vroundps(to, a, by);
    }
  }
  void bits_of_both(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vandpd(to, a, b) : vandps(to, a, b);
  }
  void bits_of_one(const Xmm& to, const Xmm& a, const Xmm& b) {
    doubles_ ? vxorpd(to, a, b) : vxorps(to, a, b);
  }

  void compare(int mask, const Xmm& a, const Xmm& b, Predicate predicate) {
    const auto by = static_cast<uint8_t>(predicate);
    if (wide_) {
      const Opmask to(mask);
      doubles_ ? vcmppd(to, a, b, by) : vcmpps(to, a, b, by);
    } else {
      const Xmm to = vector(mask);
      doubles_ ? vcmppd(to, a, b, by) : vcmpps(to, a, b, by);
    }
  }
  // The mask's a, elsewhere b.
  void choose(const Xmm& to, int mask, const Xmm& a, const Xmm& b) {
    if (wide_) {
      const Xmm chosen = where(to, mask, false);
      doubles_ ? vblendmpd(chosen, b, a) : vblendmps(chosen, b, a);
    } else {
      doubles_ ? vblendvpd(to, b, a, vector(mask)) : vblendvps(to, b, a, vector(mask));
    }
  }
  // The mask's a, elsewhere 0.
  void choose_or_zero(const Xmm& to, int mask, const Xmm& a) {
    if (wide_) {
      const Xmm chosen = where(to, mask, true);
      doubles_ ? vmovapd(chosen, a) : vmovaps(chosen, a);
    } else {
      vandps(to, vector(mask), a);
    }
  }
  void both_masks(int to, int a, int b) {
    if (wide_) {
      kandw(Opmask(to), Opmask(a), Opmask(b));
    } else {
      vandps(vector(to), vector(a), vector(b));
    }
  }
  void either_mask(int to, int a, int b) {
    if (wide_) {
      korw(Opmask(to), Opmask(a), Opmask(b));
    } else {
      vorps(vector(to), vector(a), vector(b));
    }
  }

  // The vector where AVX-512's mask says so; elsewhere as it was, or 0.
  static Xmm where(Xmm vector, int mask, bool else_zero) {
    vector.setOpmaskIdx(mask);
    if (else_zero) vector.setZero();
    return vector;
  }

  const bool wide_, doubles_;  // AVX-512 or AVX2; float64 or float32
};

}  // namespace tenon::cpu
