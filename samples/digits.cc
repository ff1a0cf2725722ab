// Trains a small convolutional network to read handwritten digits, tests it on digits that it never
// saw, and writes what it learned as a page to look at. The network is built twice, for training
// and for testing, from one set of variables. `digits --help` lists the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <iostream>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "support/batch.h"
#include "support/digits_data.h"
#include "support/digits_network.h"
#include "support/flags.h"
#include "support/progress.h"
#include "support/report.h"
#include "support/tables.h"

namespace tn = tenon;

// The network on some images: what it answers, and how good that is.
struct Tower {
  explicit Tower(tn::Reuse reuse) {
    auto scope = tn::variable_scope("digits", {.reuse = reuse});
    images = tn::placeholder(tn::float32, {-1, 8, 8, 1}, {.name = "images"});
    labels = tn::placeholder(tn::int32, {-1}, {.name = "labels"});
    auto logits = digits::read_digits(images);
    loss = tn::reduce_mean(
        tn::nn::sparse_softmax_cross_entropy_with_logits({.labels = labels, .logits = logits}));
    probabilities = tn::nn::softmax(logits);
    answers = tn::argmax(logits, {.axis = 1, .output_type = tn::int32});
    accuracy = tn::reduce_mean(tn::cast(tn::equal(answers, labels), tn::float32));
  }
  tn::Output images, labels, loss, probabilities, answers, accuracy;
};

// Sees all images once in an epoch, in an order of its own, in steps of a batch.
class Trainer {
 public:
  Trainer(tn::Callable step, const digits::Dataset& images, size_t batch_size, uint32_t seed)
      : step_(std::move(step)),
        images_(images),
        batch_size_(batch_size),
        order_(images.size()),
        full_(batch_size),
        last_(images.size() % batch_size),
        random_(seed) {
    std::iota(order_.begin(), order_.end(), size_t{0});
  }

  void epoch(samples::Progress& progress) {
    go_through([&](digits::Batch& batch, size_t count) {
      step_.run_into({batch.images, batch.labels}, figures_);  // warm: it allocates nothing
      progress.step(figures_[0].scalar<float>(), figures_[1].scalar<float>(), count);
    });
  }
  // An epoch that was done by another run of the program: draws the same random numbers.
  void skip_epoch() {
    go_through([](digits::Batch&, size_t) {});
  }

 private:
  template <typename Use>
  void go_through(const Use& use) {
    random_.shuffle(order_);
    for (std::span<const size_t> left = order_; !left.empty();) {
      digits::Batch& batch = left.size() < batch_size_ ? last_ : full_;
      const size_t count = std::min(left.size(), batch_size_);
      batch.fill(images_, left.first(count));
      batch.jitter(random_);
      use(batch, count);
      left = left.subspan(count);
    }
  }

  tn::Callable step_;  // images and labels to loss and accuracy
  const digits::Dataset& images_;
  size_t batch_size_;
  std::vector<size_t> order_;
  digits::Batch full_, last_;
  digits::Shuffler random_;
  std::vector<tn::Tensor> figures_ = {tn::Tensor(0.0f), tn::Tensor(0.0f)};
};

// 1e-3, and down to 0 in the second half of so many steps.
tn::Output learning_rate(tn::Output global_step, size_t steps) {
  auto left_to_do = 1.0f - tn::cast(global_step, tn::float32) / float(steps);
  return 1e-3f * tn::minimum(1.0f, 2.0f * left_to_do);
}

// What TensorBoard is shown after each epoch: weights, and how the test went.
class Summaries {
 public:
  Summaries(const std::string& folder, const Tower& evaluation) : writer_(folder) {
    auto scope = tn::name_scope("summaries");
    for (const tn::Variable& variable : tn::trainable_variables()) {
      tn::summary::histogram(variable.op().name(), variable);
    }
    tn::summary::image("images", evaluation.images);
    tn::summary::scalar("test_loss", evaluation.loss);
    tn::summary::scalar("test_accuracy", evaluation.accuracy);
    all_ = tn::summary::merge_all();
  }

  void add(tn::Session& session, const tn::Feeds& test, const samples::Progress& progress,
           int64_t step) {
    writer_.add_summary(session.run(all_, test), step);
    writer_.add_scalar("summaries/loss", float(progress.mean_loss()), step);
    writer_.add_scalar("summaries/accuracy", float(progress.mean_accuracy()), step);
    writer_.flush();
  }

 private:
  tn::summary::FileWriter writer_;
  tn::Output all_;
};

// The variables' values in a folder, saved after each epoch: a program that was stopped, or killed,
// goes on there.
class Checkpoints {
 public:
  Checkpoints(std::string folder, tn::Session& session) : folder_(std::move(folder)) {
    const std::string latest = folder_.empty() ? "" : tn::train::latest_checkpoint(folder_);
    if (latest.empty()) {
      session.run(tn::global_variables_initializer());
    } else {
      saver_.restore(session, latest);
      std::cout << "Goes on from " << latest << ".\n";
    }
  }

  void save(tn::Session& session) {
    if (folder_.empty()) return;
    saver_.save(session, folder_ + "/digits", {.global_step = tn::train::get_global_step()});
  }

 private:
  std::string folder_;
  tn::train::Saver saver_;
};

// What the network answers for the test images, and how its first filters look.
void add_results(digits::Report& report, tn::Session& session, const Tower& evaluation,
                 const digits::Dataset& test, const tn::Tensor& images) {
  const std::vector<tn::Variable> variables = tn::trainable_variables();
  const auto found = session.run({evaluation.answers, evaluation.probabilities, variables[0]},
                                 {{evaluation.images, images}});
  report.add_results(test, found[0].data<int32_t>(), found[1].data<float>());
  report.filters.assign(found[2].data<float>().begin(), found[2].data<float>().end());
  report.variables = samples::variable_rows(session, variables);
}

struct Options {
  int64_t epochs = 30, split_seed = 0, batch_size = 32, seed = 1, threads = 0;
  std::string report = "digits_report.html", data = TENON_SAMPLE_DATA "/digits.csv.gz";
  std::string checkpoint, summaries;

  samples::Flags flags() {
    samples::Flags flags("digits", "Trains a network to read handwritten digits, and tests it.");
    flags.add("--epochs", epochs, "how often all training images are seen", 1);
    flags.add("--batch", batch_size, "images in a step", 1);
    flags.add("--seed", seed, "of the first weights and the order of the images", 0);
    flags.add("--split-seed", split_seed, "of the choice of the 500 test images", 0);
    flags.add("--threads", threads, "on the CPU; 0: as many as there are cores", 0);
    flags.add("--report", report, "where the page about the run is written");
    flags.add("--data", data, "the images, as CSV or gzip'd CSV");
    flags.add("--checkpoint", checkpoint, "a folder: save there, and go on where it stopped");
    flags.add("--summaries", summaries, "a folder for TensorBoard");
    return flags;
  }
};

decltype(digits::Report::facts) facts(const Options& options, tn::Session& session,
                                      const samples::Progress& progress, size_t batch_size) {
  const std::string epochs = std::to_string(options.epochs), seed = std::to_string(options.seed);
  return {{"training time", digits::number(progress.seconds(), 1) + " s"},
          {"images a second", digits::number(progress.examples_per_second(), 0)},
          {"device", samples::short_device(session.variable_allocations()[0].device)},
          {"epochs", epochs + ", in steps of " + std::to_string(batch_size) + " images"},
          {"seeds", seed + ", split " + std::to_string(options.split_seed)}};
}

int main(int argc, char** argv) try {
  Options options;
  samples::Flags flags = options.flags();
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();

  const digits::Dataset all = digits::read(options.data);
  const auto [train, test] = digits::divide(all, 500, uint32_t(options.split_seed));
  const size_t size = std::min(size_t(options.batch_size), train.size());
  const auto steps = (train.size() + size - 1) / size;  // in an epoch

  tn::set_random_seed(options.seed);
  auto on = tn::device("/device:GPU:0");          // or where it can be: allow_soft_placement
  const Tower training(false), evaluation(true);  // the second reuses the variables of the first
  auto global_step = tn::train::get_or_create_global_step();
  auto rate = learning_rate(global_step, size_t(options.epochs) * steps);
  auto train_op = tn::train::AdamOptimizer({.learning_rate = rate})
                      .minimize(training.loss, {.global_step = global_step});
  std::optional<Summaries> summaries;
  if (!options.summaries.empty()) summaries.emplace(options.summaries, evaluation);

  tn::Session session({.allow_soft_placement = true, .threads = int(options.threads)});
  samples::print_devices(std::cout, session);
  Checkpoints checkpoints(options.checkpoint, session);
  samples::print_variables(std::cout, session, tn::trainable_variables());

  auto step = session.make_callable({training.loss, training.accuracy},
                                    {training.images, training.labels}, {train_op});
  auto check = session.make_callable({evaluation.loss, evaluation.accuracy},
                                     {evaluation.images, evaluation.labels});
  Trainer trainer(std::move(step), train, size, uint32_t(options.seed));
  const digits::Batch test_batch(test);
  std::vector<tn::Tensor> figures = {tn::Tensor(0.0f), tn::Tensor(0.0f)};
  digits::Report report;
  const int64_t done = tn::train::global_step(session, global_step) / int64_t(steps);
  for (int64_t epoch = 0; epoch < done; ++epoch) trainer.skip_epoch();
  const int64_t left = std::max(options.epochs - done, int64_t{0});
  samples::Progress progress(std::cout, samples::is_terminal(), size_t(left), steps);
  for (int64_t epoch = done; epoch < options.epochs; ++epoch) {
    trainer.epoch(progress);
    check.run_into({test_batch.images, test_batch.labels}, figures);
    const double test_loss = figures[0].scalar<float>(), right = figures[1].scalar<float>();
    report.epochs.push_back({progress.mean_loss(), progress.mean_accuracy(), test_loss, right});
    if (summaries) {
      summaries->add(
          session, {{evaluation.images, test_batch.images}, {evaluation.labels, test_batch.labels}},
          progress, (epoch + 1) * int64_t(steps));
    }
    checkpoints.save(session);
    progress.end_epoch(right);
  }

  add_results(report, session, evaluation, test, test_batch.images);
  report.facts = facts(options, session, progress, size);
  digits::write_report(report, options.report, std::cout);
} catch (const tn::Error& error) {
  std::cerr << "digits: " << error.what() << '\n';
  return 1;
}
