// Coordinator: threads that stop together, and whose failures come out in one place.
//
//   train::Coordinator coordinator;
//   coordinator.start_thread("reader", [&] {
//     while (!coordinator.should_stop()) read_some();
//   });
//   ...
//   coordinator.request_stop();
//   coordinator.join();  // throws what a thread has thrown
//
// Thread-safety: all methods may be called from any thread.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"

namespace tenon::train {

// Whether a failure is of class E, or of one that derives from it.
template <typename E>
bool is_exception(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

struct CoordinatorOptions {
  // Failures that only ask for a stop: by default the end of the input. {is_exception<MyEnd>}
  std::vector<bool (*)(const std::exception_ptr&)> clean_stop_exception_types = {
      is_exception<OutOfRangeError>};
};

struct JoinOptions {
  double stop_grace_period_secs = 120;  // how long threads may take once they were asked to stop
  bool ignore_live_threads = false;     // say nothing of those that take longer
};

class TENON_API Coordinator {
 public:
  explicit Coordinator(CoordinatorOptions options = {});
  // Asks its threads to stop and waits for them, however long they take: they may use what is gone
  // afterwards.
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  // Asks the threads to stop. The first call's failure, if it has one and it isn't a clean stop, is
  // what join() throws; those of later calls are dropped. After join() the failure is thrown here.
  void request_stop(const std::exception_ptr& failure = nullptr);
  bool should_stop() const;
  // Waits until a stop was asked for: whether it was. Left out: as long as it takes.
  bool wait_for_stop(std::optional<double> timeout_secs = {}) const;
  // Forgets that a stop was asked for, and the failure.
  void clear_stop();

  // Calls `body`; what it throws goes to request_stop.
  void stop_on_exception(const std::function<void()>& body);

  // Starts a thread that calls `run` once, by stop_on_exception.
  void start_thread(std::string name, std::function<void()> run);
  // Waits until all threads have ended, or a stop was asked for and its grace period is over. Then
  // throws the failure that was reported, else RuntimeError (bad_argument) naming the threads that
  // are still running, unless these are ignored; they can be joined again.
  void join(const JoinOptions& options = {});
  bool joined() const;
  // Throws the failure that was reported, if there is one.
  void raise_requested_exception() const;

 private:
  struct Thread {
    std::string name;
    std::thread thread = {};
    bool ended = false;
  };

  bool is_clean(const std::exception_ptr& failure) const;
  void record(const std::exception_ptr& failure);
  bool all_ended() const;

  const CoordinatorOptions options_;
  mutable std::mutex mutex_;  // of all below
  mutable std::condition_variable changed_;
  bool stop_ = false;
  bool joined_ = false;
  std::exception_ptr failure_;
  std::list<Thread> threads_;
};

// A thread that calls a function again and again until its coordinator stops, or the function
// throws.
class TENON_API LooperThread {
 public:
  struct Options {
    std::string name = "looper";
    std::function<void()> start_loop = {}, stop_loop = {};  // called once before, once behind
  };

  // `timer_interval_secs` lies between the beginnings of two calls; left out: there is no pause.
  LooperThread(Coordinator& coordinator, std::optional<double> timer_interval_secs,
               std::function<void()> run_loop, Options options);
  LooperThread(Coordinator& coordinator, std::optional<double> timer_interval_secs,
               std::function<void()> run_loop)
      : LooperThread(coordinator, timer_interval_secs, std::move(run_loop), Options()) {}

  // The coordinator owns the thread: this object may die while it runs.
  void start() const;

  static void loop(Coordinator& coordinator, std::optional<double> timer_interval_secs,
                   std::function<void()> run_loop) {
    LooperThread(coordinator, timer_interval_secs, std::move(run_loop)).start();
  }

 private:
  Coordinator* coordinator_;
  std::optional<double> timer_interval_secs_;
  std::function<void()> run_loop_;
  Options options_;
};

}  // namespace tenon::train
