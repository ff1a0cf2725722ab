// oneDNN's primitives as the kernels here use them: on the thread that calls, in memory of the
// caller's.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "onednn/shim.h"

namespace tenon::onednn {

// While it lives, oneDNN uses only the calling thread: what it computes must not depend on the
// number of threads, and the pieces of a kernel run on threads of ours.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

const dnnl::engine& engine();

// Attributes of every primitive here.
dnnl::primitive_attr attributes();

memory::desc floats(const memory::dims& sizes, const memory::dims& strides);
memory::desc any_layout(const memory::dims& sizes);

// A primitive and the layouts of its arguments. It may run on many threads at once.
class Primitive {
 public:
  struct Argument {
    int name;  // DNNL_ARG_SRC, ...
    memory::desc desc;
  };
  Primitive(dnnl::primitive primitive, const memory::desc& scratchpad,
            std::vector<Argument> arguments);

  size_t scratchpad_bytes() const { return scratchpad_.get_size(); }
  // `pointers` as the arguments; null for one left out.
  void run(std::initializer_list<const void*> pointers, void* scratchpad) const;

 private:
  dnnl::primitive primitive_;
  memory::desc scratchpad_;
  std::vector<Argument> arguments_;
};

// Copies from one layout to another.
class Reorder {
 public:
  Reorder(const memory::desc& from, const memory::desc& to);
  bool changes_layout() const { return changes_; }
  void run(const void* from, void* to) const { copy_->run({from, to}, nullptr); }

 private:
  bool changes_;
  std::unique_ptr<Primitive> copy_;
};

// Weights in the layout that a primitive wants. They are packed once while their version stays, and
// for every launch where it isn't known. Versions as in Launch::input_versions.
class PackedWeights {
 public:
  PackedWeights(const memory::desc& plain, const memory::desc& packed);
  size_t workspace_bytes() const;
  const void* get(const void* plain, uint64_t version, void* workspace) const;

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  Reorder reorder_;
  size_t bytes_;
  mutable std::mutex mutex_;  // of what follows
  mutable std::unique_ptr<void, Free> kept_;
  mutable uint64_t kept_version_ = 0;
};

}  // namespace tenon::onednn
