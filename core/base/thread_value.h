// Values that each thread has of its own, until its very end.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

namespace tenon::internal {

// The calling thread's T. It is made when it is first asked for, and again where it is asked for
// when the thread's other objects are being destroyed: what a thread_local of the program calls in
// its destructor, or a global one when the process ends, finds it empty, not gone. `Tag` tells
// values of one type apart.
template <typename T, typename Tag = T>
T& thread_value() {
  thread_local constinit T* value = nullptr;  // never destroyed
  if (value != nullptr) return *value;
  value = new T();
  struct Deleter {
    ~Deleter() { delete std::exchange(value, nullptr); }
  };
  thread_local constinit bool owned = false;
  if (!owned) {
    owned = true;
    thread_local const Deleter owner;
    static_cast<void>(owner);
  } else {
    // The owner has gone: nobody deletes this one. What few there are can be reached for ever.
    static std::mutex mutex;
    static auto* late = new std::vector<T*>;
    const std::lock_guard lock(mutex);
    late->push_back(value);
  }
  return *value;
}

}  // namespace tenon::internal
