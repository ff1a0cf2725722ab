// Draws digits by convolutions (Radford et al., 2015): a generator of transposed convolutions and
// batch normalization, against a discriminator of strided ones. Compare with the sample gan, whose
// networks are dense. `dcgan --help` lists the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <iostream>
#include <span>

#include "support/batch.h"
#include "support/digits_data.h"
#include "support/flags.h"
#include "support/gallery.h"
#include "support/progress.h"

namespace tn = tenon;
namespace layers = tenon::layers;

constexpr int64_t kBatch = 64, kNoise = 16, kShown = 200;
constexpr int64_t kPixels = digits::kPixels, kClasses = digits::kClasses;

// Images [N, 8, 8, 1] of the digits asked for, from noise [N, 16]. Each layer draws on twice the
// width and height.
tn::Output generator(tn::Output noise, tn::Output digits, bool training) {
  auto scope = tn::variable_scope("generator", {.reuse = tn::AUTO_REUSE});
  const auto normalized = [&](tn::Output x, const char* name) {
    return tn::nn::relu(
        layers::batch_normalization(x, {.momentum = 0.9, .training = training, .name = name}));
  };
  auto x = tn::concat({noise, tn::one_hot(digits, kClasses)}, 1);
  x = tn::reshape(layers::dense(x, 2 * 2 * 64, {.name = "spread"}), {-1, 2, 2, 64});
  x = normalized(x, "norm1");
  x = layers::conv2d_transpose(x, 32, 3, {.strides = 2, .padding = "same", .name = "conv1"});
  x = normalized(x, "norm2");
  x = layers::conv2d_transpose(x, 1, 3, {.strides = 2, .padding = "same", .name = "conv2"});
  return tn::sigmoid(x);
}

// How much it takes each image for a real one of that digit. The digit asked for is a map of ones
// beside the image.
tn::Output discriminator(tn::Output images, tn::Output digits) {
  auto scope = tn::variable_scope("discriminator", {.reuse = tn::AUTO_REUSE});
  auto maps = tn::reshape(tn::one_hot(digits, kClasses), {-1, 1, 1, kClasses});
  auto x = tn::concat({images, maps * tn::ones({kBatch, 8, 8, kClasses})}, 3);
  x = layers::conv2d(x, 32, 3, {.strides = 2, .padding = "same", .name = "conv1"});
  x = tn::nn::leaky_relu(x);
  x = layers::conv2d(x, 64, 3, {.strides = 2, .padding = "same", .name = "conv2"});
  x = layers::flatten(tn::nn::leaky_relu(x));
  return layers::dense(x, 1, {.name = "real"});
}

tn::Output loss(tn::Output logits, float target) {
  return tn::losses::sigmoid_cross_entropy(tn::ones_like(logits) * target, logits);
}

int main(int argc, char** argv) try {
  int64_t steps = 2000, seed = 1;
  std::string page = "dcgan_drawings.html", data = TENON_SAMPLE_DATA "/digits.csv.gz";
  samples::Flags flags("dcgan", "Trains a convolutional network to draw handwritten digits.");
  flags.add("--steps", steps, "of training, each with 64 real images and 64 drawings", 1);
  flags.add("--seed", seed, "of the first weights, the noise and the choice of images", 0);
  flags.add("--report", page, "where the page of drawings is written");
  flags.add("--data", data, "the images, as CSV or gzip'd CSV");
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();
  const digits::Dataset all = digits::read(data);

  tn::set_random_seed(seed);
  auto on = tn::device("/device:GPU:0");  // or where it can be: allow_soft_placement
  auto images = tn::placeholder(tn::float32, {kBatch, 8, 8, 1}, {.name = "images"});
  auto labels = tn::placeholder(tn::int32, {kBatch}, {.name = "labels"});
  auto drawn = generator(tn::random_normal({kBatch, kNoise}), labels, true);
  auto real_logits = discriminator(images, labels);
  auto drawn_logits = discriminator(drawn, labels);  // by the same weights
  // The same drawings each time they are looked at, by the averages that training keeps.
  tn::Variable noise(tn::random_normal({kShown, kNoise}), {.name = "noise", .trainable = false});
  auto asked = tn::mod(tn::range(kShown), kClasses);  // 0 to 9, again and again
  auto shown = generator(noise, asked, false);
  auto right = digits::readable(tn::reshape(shown, {-1, kPixels}), asked, all);

  auto d_loss = 0.5f * (loss(real_logits, 0.9f) + loss(drawn_logits, 0.0f));
  auto g_loss = loss(drawn_logits, 1.0f);
  const tn::train::AdamOptions adam = {.learning_rate = 2e-3, .beta1 = 0.5};
  auto train_d = tn::train::AdamOptimizer(adam).minimize(
      d_loss, {.var_list = tn::trainable_variables("discriminator/")});
  tn::Operation train_g;
  {
    auto after =
        tn::control_dependencies(tn::get_collection<tn::Operation>(tn::GraphKeys::UPDATE_OPS));
    train_g = tn::train::AdamOptimizer(adam).minimize(
        g_loss, {.var_list = tn::trainable_variables("generator/")});
  }

  tn::Session session({.allow_soft_placement = true});
  session.run(tn::global_variables_initializer());
  for (const tn::Variable& variable : tn::trainable_variables()) {
    std::cout << variable.op().name() << ' ' << variable.shape() << '\n';
  }
  auto step = session.make_callable({d_loss, g_loss}, {images, labels}, {train_d, train_g});
  std::vector<tn::Tensor> losses = {tn::Tensor(0.0f), tn::Tensor(0.0f)};
  digits::Batch batch(kBatch);
  digits::Shuffler random{uint32_t(seed)};
  digits::Gallery gallery;
  const double start = samples::Progress::steady_seconds();
  for (int64_t i = 1, next = (steps + 31) / 32; i <= steps; ++i) {
    batch.fill_at_random(all, random);
    step.run_into({batch.images, batch.labels}, losses);
    gallery.discriminator_losses.push_back(losses[0].scalar<float>());
    gallery.generator_losses.push_back(losses[1].scalar<float>());
    if (i < std::min(next, steps)) continue;
    const auto now = session.run({shown, right});
    const auto pixels = now[0].data<float>().first(100 * kPixels);
    gallery.stages.push_back({size_t(i), {pixels.begin(), pixels.end()}, now[1].scalar<float>()});
    digits::print_stage(std::cout, gallery);
    next *= 2;
  }
  gallery.seconds = samples::Progress::steady_seconds() - start;
  digits::draw(std::cout, std::span(gallery.stages.back().images).first(10 * kPixels));
  digits::write_gallery(gallery, page, std::cout);
} catch (const tn::Error& error) {
  std::cerr << "dcgan: " << error.what() << '\n';
  return 1;
}
