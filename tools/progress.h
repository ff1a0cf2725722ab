// A progress bar on standard error, for long work and only where that is a terminal.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <string>

namespace tenon::tool {

class Progress {
 public:
  explicit Progress(uint64_t total) : total_(total), shown_(total > kLong && isatty(2) == 1) {}
  ~Progress() {
    if (shown_) std::cerr << '\r' << std::string(kWidth + 8, ' ') << '\r';
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(uint64_t bytes) {
    done_ += bytes;
    if (!shown_) return;
    const auto full = static_cast<size_t>(done_ * kWidth / total_);
    std::cerr << "\r[" << std::string(full, '=') << std::string(kWidth - full, ' ') << "] "
              << done_ * 100 / total_ << '%' << std::flush;
  }

 private:
  static constexpr uint64_t kLong = uint64_t{1} << 28;  // bytes
  static constexpr size_t kWidth = 50;
  uint64_t total_, done_ = 0;
  bool shown_;
};

}  // namespace tenon::tool
