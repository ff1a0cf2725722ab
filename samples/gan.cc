// Trains a generator to draw digits, against a discriminator that tells drawings from real images.
// The discriminator reads both by one set of weights; two optimizers train a network each, by their
// lists of variables. `gan --help` lists the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <iostream>
#include <span>

#include "support/batch.h"
#include "support/digits_data.h"
#include "support/flags.h"
#include "support/gallery.h"
#include "support/progress.h"
#include "support/tables.h"

namespace tn = tenon;

constexpr int64_t kBatch = 64, kNoise = 16, kUnits = 128, kShown = 500;
constexpr int64_t kPixels = digits::kPixels, kClasses = digits::kClasses;

tn::Output dense(tn::Output input, int64_t units, const char* name) {
  auto scope = tn::variable_scope(name);
  auto weights = tn::get_variable("weights", {.shape = {input.shape()[1], units}});
  auto zeros = tn::zeros_initializer();
  auto biases = tn::get_variable("biases", {.shape = {units}, .initializer = zeros});
  return tn::matmul(input, weights) + biases;
}

// Images of the digits asked for; what else is in them comes from the noise.
tn::Output generator(tn::Output noise, tn::Output digits) {
  auto x = tn::concat({noise, tn::one_hot(digits, kClasses)}, 1);
  x = tn::nn::relu(dense(x, kUnits, "hidden"));
  return tn::sigmoid(dense(x, kPixels, "pixels"));
}

// How much it takes each image for a real one of that digit: above 0, rather than not.
tn::Output discriminator(tn::Output images, tn::Output digits) {
  auto x = tn::concat({images, tn::one_hot(digits, kClasses)}, 1);
  x = tn::nn::leaky_relu(dense(x, kUnits, "hidden1"));
  x = tn::nn::leaky_relu(dense(x, kUnits, "hidden2"));
  return dense(x, 1, "real");
}

tn::Output loss(tn::Output logits, float target) {
  auto labels = tn::ones_like(logits) * target;
  return tn::reduce_mean(
      tn::nn::sigmoid_cross_entropy_with_logits({.labels = labels, .logits = logits}));
}

void print_trained(const char* what, const std::vector<tn::Variable>& variables) {
  std::cout << what;
  for (const tn::Variable& variable : variables) std::cout << ' ' << variable.op().name();
  std::cout << '\n';
}

// The two networks on a batch of images and of drawings, and drawings to be shown.
struct Networks {
  Networks() {
    images = tn::placeholder(tn::float32, {kBatch, 8, 8, 1}, {.name = "images"});
    labels = tn::placeholder(tn::int32, {kBatch}, {.name = "labels"});
    asked = tn::mod(tn::range(kShown), kClasses);  // 0 to 9, again and again
    tn::Variable noise(tn::random_normal({kShown, kNoise}), {.name = "noise", .trainable = false});
    tn::Output drawn;
    {
      auto scope = tn::variable_scope("generator");
      drawn = generator(tn::random_normal({kBatch, kNoise}), labels);
      scope.reuse_variables();
      shown = generator(noise, asked);  // the same drawings each time they are looked at
    }
    auto scope = tn::variable_scope("discriminator");
    real_logits = discriminator(tn::reshape(images, {-1, kPixels}), labels);
    scope.reuse_variables();
    drawn_logits = discriminator(drawn, labels);  // by the same weights
  }
  tn::Output images, labels, asked, shown, real_logits, drawn_logits;
};

int main(int argc, char** argv) try {
  int64_t steps = 4000, seed = 1;
  std::string page = "gan_drawings.html", data = TENON_SAMPLE_DATA "/digits.csv.gz";
  samples::Flags flags("gan", "Trains a network to draw handwritten digits.");
  flags.add("--steps", steps, "of training, each with 64 real images and 64 drawings", 1);
  flags.add("--seed", seed, "of the first weights, the noise and the choice of images", 0);
  flags.add("--report", page, "where the page of drawings is written");
  flags.add("--data", data, "the images, as CSV or gzip'd CSV");
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();
  const digits::Dataset all = digits::read(data);

  tn::set_random_seed(seed);
  auto on = tn::device("/device:GPU:0");  // or where it can be: allow_soft_placement
  const Networks networks;
  // The discriminator is to tell both rightly (real is 0.9, lest it become too sure), the generator
  // to have its drawings taken for real.
  auto d_loss = 0.5f * (loss(networks.real_logits, 0.9f) + loss(networks.drawn_logits, 0.0f));
  auto g_loss = loss(networks.drawn_logits, 1.0f);
  const auto d_vars = tn::trainable_variables("discriminator/");
  const auto g_vars = tn::trainable_variables("generator/");
  auto global_step = tn::train::get_or_create_global_step();
  auto rate = tn::train::cosine_decay(2e-3f, global_step, {.decay_steps = steps, .alpha = 0.02});
  const tn::train::AdamOptions adam = {.learning_rate = rate, .beta1 = 0.5};
  auto train_d = tn::train::AdamOptimizer(adam).minimize(d_loss, {.var_list = d_vars});
  auto train_g = tn::train::AdamOptimizer(adam).minimize(
      g_loss, {.global_step = global_step, .var_list = g_vars});
  auto right = digits::readable(networks.shown, networks.asked, all);

  tn::Session session({.allow_soft_placement = true});
  samples::print_devices(std::cout, session);
  session.run(tn::global_variables_initializer());
  samples::print_variables(std::cout, session, tn::trainable_variables());
  print_trained("The discriminator's optimizer trains:", d_vars);
  print_trained("The generator's optimizer trains:", g_vars);

  // Both optimizers step in one run, each from the weights before it.
  auto step = session.make_callable({d_loss, g_loss}, {networks.images, networks.labels},
                                    {train_d, train_g});
  std::vector<tn::Tensor> losses = {tn::Tensor(0.0f), tn::Tensor(0.0f)};
  digits::Batch batch(kBatch);
  digits::Shuffler random{uint32_t(seed)};
  digits::Gallery gallery;
  const double start = samples::Progress::steady_seconds();
  for (int64_t i = 1, next = (steps + 31) / 32; i <= steps; ++i) {
    batch.fill_at_random(all, random);
    step.run_into({batch.images, batch.labels}, losses);  // warm: it allocates nothing
    gallery.discriminator_losses.push_back(losses[0].scalar<float>());
    gallery.generator_losses.push_back(losses[1].scalar<float>());
    if (i < std::min(next, steps)) continue;
    const auto now = session.run({networks.shown, right});
    const auto pixels = now[0].data<float>().first(100 * kPixels);
    gallery.stages.push_back({size_t(i), {pixels.begin(), pixels.end()}, now[1].scalar<float>()});
    digits::print_stage(std::cout, gallery);
    next *= 2;
  }
  gallery.seconds = samples::Progress::steady_seconds() - start;
  digits::draw(std::cout, std::span(gallery.stages.back().images).first(10 * kPixels));
  digits::write_gallery(gallery, page, std::cout);
} catch (const tn::Error& error) {
  std::cerr << "gan: " << error.what() << '\n';
  return 1;
}
