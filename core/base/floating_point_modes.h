// The floating-point modes of a thread: rounding, flush-to-zero, which exceptions trap.
//
// They are the caller's, and what works for a caller works in its modes: threads that help take
// them on for as long as they do, and what was computed in other modes isn't used again.
#pragma once

#include <cstdint>

#if defined(__SSE2__)
#include <xmmintrin.h>
#elif !defined(__aarch64__)
#include <cfenv>
#endif

namespace tenon::internal {

class FloatingPointModes {
 public:
#if defined(__SSE2__)
  static FloatingPointModes of_this_thread() noexcept {
    return FloatingPointModes(_mm_getcsr() & ~kFlags);
  }
  // The flags of exceptions that were raised stay as they are.
  void set() const noexcept { _mm_setcsr((_mm_getcsr() & kFlags) | static_cast<unsigned>(bits_)); }
#elif defined(__aarch64__)
  static FloatingPointModes of_this_thread() noexcept {
    uint64_t bits = 0;
    asm volatile("mrs %0, fpcr" : "=r"(bits));
    return FloatingPointModes(bits);
  }
  void set() const noexcept { asm volatile("msr fpcr, %0" : : "r"(bits_)); }
#else
  static FloatingPointModes of_this_thread() noexcept {
    return FloatingPointModes(static_cast<uint64_t>(std::fegetround()));
  }
  void set() const noexcept { std::fesetround(static_cast<int>(bits_)); }
#endif
  bool operator==(const FloatingPointModes&) const = default;
  uint64_t bits() const noexcept { return bits_; }  // that tell modes apart

 private:
#if defined(__SSE2__)
  static constexpr unsigned kFlags = 0x3f;
#endif
  explicit FloatingPointModes(uint64_t bits) : bits_(bits) {}
  uint64_t bits_;
};

// Puts a thread into these modes, and back into its own.
class InModes {
 public:
  explicit InModes(FloatingPointModes modes) noexcept
      : before_(FloatingPointModes::of_this_thread()), changed_(!(before_ == modes)) {
    if (changed_) modes.set();
  }
  ~InModes() {
    if (changed_) before_.set();
  }
  InModes(const InModes&) = delete;
  InModes& operator=(const InModes&) = delete;

 private:
  FloatingPointModes before_;
  bool changed_;
};

}  // namespace tenon::internal
