// Shows how a training goes: a bar that is redrawn on a terminal, plain lines elsewhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>

namespace samples {

//   Progress progress(std::cout, is_terminal(), epochs, steps);
//   for each epoch, for each step: progress.step(loss, accuracy, images);
//   after each epoch: progress.end_epoch(test_accuracy);
class Progress {
 public:
  using Clock = std::function<double()>;  // seconds

  Progress(std::ostream& out, bool terminal, size_t epochs, size_t steps_per_epoch,
           Clock clock = steady_seconds);

  // One training step: the batch's mean loss, the share of it that was right, and its size.
  void step(double loss, double accuracy, size_t examples);
  // The end of an epoch: prints a line (at least each tenth of them where there is no terminal).
  void end_epoch(double test_accuracy);

  double mean_loss() const;  // over the epoch so far, each example alike
  double mean_accuracy() const;
  double seconds() const { return clock_() - start_; }  // since the start
  double examples_per_second() const;                   // over all of it

  static double steady_seconds();

 private:
  void draw_bar();
  std::string figures() const;

  std::ostream& out_;
  bool terminal_;
  size_t epochs_, steps_;
  Clock clock_;
  double start_, drawn_;
  size_t epoch_ = 0, step_ = 0;  // finished ones
  size_t examples_ = 0, epoch_examples_ = 0;
  double loss_sum_ = 0, right_sum_ = 0;
};

bool is_terminal();  // whether standard output is one

}  // namespace samples
