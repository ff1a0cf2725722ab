#include "support/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace samples {
namespace {

constexpr size_t kBarWidth = 28;
constexpr double kRedrawSeconds = 0.1;

std::string fixed(double value, int digits) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(digits) << value;
  return text.str();
}

std::string duration(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  return whole < 60 ? std::to_string(whole) + " s"
                    : std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

}  // namespace

Progress::Progress(std::ostream& out, bool terminal, size_t epochs, size_t steps_per_epoch,
                   Clock clock)
    : out_(out),
      terminal_(terminal),
      epochs_(epochs),
      steps_(steps_per_epoch),
      clock_(std::move(clock)),
      start_(clock_()),
      drawn_(start_ - 1) {}

void Progress::step(double loss, double accuracy, size_t examples) {
  if (step_ == 0) {
    loss_sum_ = right_sum_ = 0;
    epoch_examples_ = 0;
  }
  ++step_;
  const auto count = static_cast<double>(examples);
  loss_sum_ += loss * count;
  right_sum_ += accuracy * count;
  epoch_examples_ += examples;
  examples_ += examples;
  if (terminal_ && clock_() - drawn_ >= kRedrawSeconds) draw_bar();
}

void Progress::end_epoch(double test_accuracy) {
  ++epoch_;
  step_ = 0;
  const size_t every = std::max<size_t>(1, epochs_ / 10);
  if (terminal_) out_ << "\r\033[K";  // the bar's line, cleared
  if (epoch_ == 1 || epoch_ % every == 0 || epoch_ == epochs_) {
    out_ << "epoch " << std::setw(static_cast<int>(std::to_string(epochs_).size())) << epoch_ << '/'
         << epochs_ << "  " << figures() << "  test " << fixed(test_accuracy, 4) << "  "
         << fixed(examples_per_second(), 0) << " examples/s";
    if (epoch_ < epochs_) {
      const double left =
          seconds() / static_cast<double>(epoch_) * static_cast<double>(epochs_ - epoch_);
      out_ << "  " << duration(left) << " left";
    }
    out_ << '\n';
  }
  out_.flush();
  drawn_ = start_ - 1;  // the next step draws at once
}

void Progress::draw_bar() {
  drawn_ = clock_();
  const double done = static_cast<double>(epoch_ * steps_ + step_) /
                      static_cast<double>(std::max<size_t>(1, epochs_ * steps_));
  const auto filled = std::min(kBarWidth, static_cast<size_t>(done * kBarWidth));
  out_ << '\r' << '[' << std::string(filled, '=') << std::string(kBarWidth - filled, ' ') << "] "
       << "epoch " << epoch_ + 1 << '/' << epochs_ << "  " << figures() << "  "
       << fixed(examples_per_second(), 0) << " examples/s  "
       << duration(done > 0 ? seconds() / done * (1 - done) : 0) << " left\033[K";
  out_.flush();
}

std::string Progress::figures() const {
  return "loss " + fixed(mean_loss(), 4) + "  accuracy " + fixed(mean_accuracy(), 4);
}

double Progress::mean_loss() const {
  return epoch_examples_ == 0 ? 0 : loss_sum_ / static_cast<double>(epoch_examples_);
}

double Progress::mean_accuracy() const {
  return epoch_examples_ == 0 ? 0 : right_sum_ / static_cast<double>(epoch_examples_);
}

double Progress::examples_per_second() const {
  const double elapsed = seconds();
  return elapsed > 0 ? static_cast<double>(examples_) / elapsed : 0;
}

double Progress::steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool is_terminal() { return isatty(STDOUT_FILENO) == 1; }

}  // namespace samples
