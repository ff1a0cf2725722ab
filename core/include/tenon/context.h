// Contexts that are open: scope guards, and handles for programs that don't follow C++ blocks.
#pragma once

#include <cstddef>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>

#include "tenon/export.h"

namespace tenon {

// One open context. Movable; leaves the context when exit() is called or when it dies, whichever
// comes first. This is the handle-based form (`enter_...`) of the scope guards, for programs that
// don't follow C++ blocks: such contexts must be left in reverse order, on the thread that entered.
class TENON_API Context {
 public:
  Context() = default;
  // `exit` is called once, and must not throw.
  template <typename F>
  requires(std::is_invocable_v<F&> && !std::is_same_v<F, Context>) explicit Context(F exit) {
    if constexpr (sizeof(F) <= sizeof(room_) && std::is_nothrow_move_constructible_v<F>) {
      ::new (static_cast<void*>(room_)) F(std::move(exit));
      act_ = act_on<F>;
    } else {
      *this = Context(std::function<void()>(std::move(exit)));
    }
  }
  Context(Context&& other) noexcept { take(other); }
  Context& operator=(Context&& other) noexcept {
    if (this != &other) {
      exit();
      take(other);
    }
    return *this;
  }
  ~Context() { exit(); }
  void exit() noexcept {
    if (const Act act = std::exchange(act_, nullptr)) act(room_, nullptr);
  }

 private:
  // Moves the function to `to`; calls it where that is null. Either way it is gone from `from`.
  using Act = void (*)(void* from, void* to) noexcept;
  template <typename F>
  static void act_on(void* from, void* to) noexcept {
    F* exit = static_cast<F*>(from);
    if (to != nullptr) {
      ::new (to) F(std::move(*exit));
    } else {
      (*exit)();
    }
    exit->~F();
  }
  void take(Context& other) noexcept {
    act_ = std::exchange(other.act_, nullptr);
    if (act_ != nullptr) act_(other.room_, room_);
  }

  Act act_ = nullptr;
  alignas(void*) std::byte room_[8 * sizeof(void*)];  // of the function: it is seldom larger
};

// A context bound to a C++ block: neither copied nor moved.
class [[nodiscard]] ScopeGuard {
 public:
  explicit ScopeGuard(Context context) : context_(std::move(context)) {}
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;

 private:
  Context context_;
};

}  // namespace tenon
