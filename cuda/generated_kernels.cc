#include "cuda/generated_kernels.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/backend/module.h"
#include "cuda/code_cache.h"
#include "cuda/nvrtc.h"
#include "cuda/status.h"

namespace tenon::cuda {

namespace {

// Earlier runtimes can't load code for whichever device is the current one when it is launched.
constexpr bool kLoadsLibraries = CUDART_VERSION >= 12080;

const void* load(const std::string& cubin) {
#if CUDART_VERSION >= 12080
  cudaLibrary_t library = nullptr;  // stays loaded: recordings may hold its kernel
  cudaKernel_t kernel = nullptr;
  check(cudaLibraryLoadData(&library, cubin.data(), nullptr, nullptr, 0, nullptr, nullptr, 0),
        "cudaLibraryLoadData");
  check(cudaLibraryGetKernel(&kernel, library, "run"), "cudaLibraryGetKernel");
  return kernel;
#else
  static_cast<void>(cubin);
  return nullptr;
#endif
}

// Never destroyed: threads may still use them.
CodeCache& code_cache(bool kept) {
  static auto* of_user = new CodeCache(CodeCache::folder_of_user());
  static auto* none = new CodeCache("");
  return kept ? *of_user : *none;
}

}  // namespace

void GeneratedKernel::make(const std::string& source, const CompileOptions& options) noexcept {
  try {
    const std::string code = compiled_code(source, options.capability, code_cache(options.kept));
    if (!code.empty()) function_.store(load(code), std::memory_order_release);
  } catch (const std::exception&) {
    // The interpreter does the work, as it has until now.
  }
  settle();
}

namespace {

// Compiles in threads of its own. Never destroyed; its threads end when the process does.
class Workshop {
 public:
  static Workshop& instance() {
    static auto* workshop = new Workshop;
    return *workshop;
  }

  std::shared_ptr<const GeneratedKernel> kernel(const std::string& source,
                                                const CompileOptions& options) {
    std::unique_lock lock(mutex_);
    auto [at, added] = kernels_.try_emplace({options.capability, source});
    if (added) at->second = std::make_shared<GeneratedKernel>();
    auto kernel = at->second;
    if (added && ending_) {
      kernel->settle();
    } else if (added) {
      jobs_.push_back({kernel, &at->first, options});
      start_thread();
      wake_.notify_one();
    }
    if (options.ahead || internal::is_set("TENON_COMPILE_AHEAD")) {
      idle_.wait(lock, [&] { return kernel->settled(); });
    }
    return kernel;
  }

  void add_device() {
    std::lock_guard lock(mutex_);
    ++devices_;
  }
  void remove_device() {
    std::unique_lock lock(mutex_);
    if (--devices_ > 0) return;
    drop_jobs();
    idle_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  using Key = std::pair<int, std::string>;
  struct Job {
    std::shared_ptr<GeneratedKernel> kernel;
    const Key* key;
    CompileOptions options;
  };

  Workshop() = default;

  // One more while there is more to do than threads that do it.
  void start_thread() {
    // Not before there is one: by now NVRTC has made its static objects, which go after this.
    if (threads_.empty()) static_cast<void>(std::atexit([] { instance().end(); }));
    const size_t most = std::clamp<size_t>(std::thread::hardware_concurrency() / 2, 1, 4);
    if (threads_.size() < most && threads_.size() < jobs_.size()) {
      threads_.emplace_back([this] { work(); });
    }
  }

  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
      if (ending_) return;
      const Job job = std::move(jobs_.front());
      jobs_.pop_front();
      ++busy_;
      lock.unlock();
      job.kernel->make(job.key->second, job.options);
      lock.lock();
      --busy_;
      idle_.notify_all();
    }
  }

  // Of a kernel that is dropped its device is gone too: another one's may ask for it again.
  void drop_jobs() {
    for (const Job& job : jobs_) {
      job.kernel->settle();
      kernels_.erase(*job.key);
    }
    jobs_.clear();
    idle_.notify_all();
  }

  void end() {
    std::vector<std::thread> threads;
    {
      std::lock_guard lock(mutex_);
      ending_ = true;
      drop_jobs();
      threads.swap(threads_);
    }
    wake_.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::map<Key, std::shared_ptr<GeneratedKernel>> kernels_;
  std::deque<Job> jobs_;
  std::vector<std::thread> threads_;
  int devices_ = 0, busy_ = 0;  // that may ask; threads that compile
  bool ending_ = false;
};

}  // namespace

GeneratingDevice::GeneratingDevice() { Workshop::instance().add_device(); }
GeneratingDevice::~GeneratingDevice() { Workshop::instance().remove_device(); }

bool can_generate() {
  return kLoadsLibraries && !internal::is_set("TENON_DISABLE_JIT") && why_no_nvrtc().empty();
}

std::shared_ptr<const GeneratedKernel> generated_kernel(const std::string& source,
                                                        const CompileOptions& options) {
  return Workshop::instance().kernel(source, options);
}

}  // namespace tenon::cuda
