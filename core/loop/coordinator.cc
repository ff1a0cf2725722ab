#include "tenon/coordinator.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"

namespace tenon::train {

using tenon::internal::require;

namespace {

using Seconds = std::chrono::duration<double>;
using Clock = std::chrono::steady_clock;

// A time that the clock can count to.
Clock::duration duration_of(double seconds) {
  constexpr double longest = 1e9;
  return std::chrono::duration_cast<Clock::duration>(Seconds(std::clamp(seconds, 0.0, longest)));
}

}  // namespace

Coordinator::Coordinator(CoordinatorOptions options) : options_(std::move(options)) {}

Coordinator::~Coordinator() {
  record(nullptr);
  for (Thread& thread : threads_) thread.thread.join();
}

bool Coordinator::is_clean(const std::exception_ptr& failure) const {
  const auto& clean = options_.clean_stop_exception_types;
  return failure == nullptr ||
         std::any_of(clean.begin(), clean.end(), [&](const auto& test) { return test(failure); });
}

void Coordinator::record(const std::exception_ptr& failure) {
  const bool clean = is_clean(failure);
  const std::lock_guard lock(mutex_);
  if (stop_) return;
  if (!clean) failure_ = failure;
  stop_ = true;
  changed_.notify_all();
}

void Coordinator::request_stop(const std::exception_ptr& failure) {
  if (!is_clean(failure) && joined()) std::rethrow_exception(failure);
  record(failure);
}

bool Coordinator::should_stop() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

bool Coordinator::wait_for_stop(std::optional<double> timeout_secs) const {
  std::unique_lock lock(mutex_);
  if (timeout_secs) {
    changed_.wait_for(lock, duration_of(*timeout_secs), [this] { return stop_; });
  } else {
    changed_.wait(lock, [this] { return stop_; });
  }
  return stop_;
}

void Coordinator::clear_stop() {
  const std::lock_guard lock(mutex_);
  joined_ = false;
  failure_ = nullptr;
  stop_ = false;
}

void Coordinator::stop_on_exception(const std::function<void()>& body) {
  try {
    body();
  } catch (...) {
    request_stop(std::current_exception());
  }
}

void Coordinator::start_thread(std::string name, std::function<void()> run) {
  const std::lock_guard lock(mutex_);
  threads_.push_back({.name = std::move(name)});
  Thread& thread = threads_.back();
  try {
    thread.thread = std::thread([this, &thread, run = std::move(run)] {
      try {
        run();
      } catch (...) {
        record(std::current_exception());  // where nobody joins any more there is nobody to tell
      }
      const std::lock_guard ending(mutex_);
      thread.ended = true;
      changed_.notify_all();
    });
  } catch (...) {
    threads_.pop_back();
    throw;
  }
}

bool Coordinator::all_ended() const {
  return std::all_of(threads_.begin(), threads_.end(), [](const Thread& t) { return t.ended; });
}

void Coordinator::join(const JoinOptions& options) {
  std::list<Thread> ended;
  std::vector<std::string> running;
  std::exception_ptr failure;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || all_ended(); });
    changed_.wait_for(lock, duration_of(options.stop_grace_period_secs),
                      [this] { return all_ended(); });
    for (auto thread = threads_.begin(); thread != threads_.end();) {
      const auto next = std::next(thread);
      if (thread->ended) {
        ended.splice(ended.end(), threads_, thread);
      } else {
        running.push_back(thread->name);
      }
      thread = next;
    }
    joined_ = true;
    failure = failure_;
  }
  for (Thread& thread : ended) thread.thread.join();
  if (failure != nullptr) std::rethrow_exception(failure);
  require<RuntimeError>(
      running.empty() || options.ignore_live_threads, ErrorKind::bad_argument,
      "Coordinator stopped with threads still running: ", tenon::internal::join(running, " "));
}

bool Coordinator::joined() const {
  const std::lock_guard lock(mutex_);
  return joined_;
}

void Coordinator::raise_requested_exception() const {
  std::exception_ptr failure;
  {
    const std::lock_guard lock(mutex_);
    failure = failure_;
  }
  if (failure != nullptr) std::rethrow_exception(failure);
}

LooperThread::LooperThread(Coordinator& coordinator, std::optional<double> timer_interval_secs,
                           std::function<void()> run_loop, Options options)
    : coordinator_(&coordinator),
      timer_interval_secs_(timer_interval_secs),
      run_loop_(std::move(run_loop)),
      options_(std::move(options)) {}

void LooperThread::start() const {
  coordinator_->start_thread(options_.name, [self = *this] {
    if (self.options_.start_loop) self.options_.start_loop();
    Clock::time_point next = Clock::now();
    const auto pause = [&] { return Seconds(next - Clock::now()).count(); };
    const auto stopped = [&] {
      return self.timer_interval_secs_ ? self.coordinator_->wait_for_stop(pause())
                                       : self.coordinator_->should_stop();
    };
    while (!stopped()) {
      next += duration_of(self.timer_interval_secs_.value_or(0));
      self.run_loop_();
    }
    if (self.options_.stop_loop) self.options_.stop_loop();
  });
}

}  // namespace tenon::train
