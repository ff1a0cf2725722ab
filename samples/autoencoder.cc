// Squeezes images of digits through a few numbers and draws them again from these: an autoencoder
// of tenon::layers. Training and test share its weights; batch normalization keeps averages in
// training, by the operations of UPDATE_OPS, and uses them in the test. `autoencoder --help` lists
// the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <iostream>
#include <span>
#include <vector>

#include "support/batch.h"
#include "support/digits_data.h"
#include "support/flags.h"
#include "support/gallery.h"

namespace tn = tenon;
namespace layers = tenon::layers;

constexpr int64_t kBatch = 64, kTest = 500, kShown = 5;

// [N, 8, 8, 1] -> [N, code]
tn::Output encoder(tn::Output images, int64_t code, bool training) {
  auto x = layers::conv2d(images, 16, 3, {.strides = 2, .padding = "same", .name = "conv"});
  x = layers::batch_normalization(x, {.momentum = 0.9, .training = training, .name = "norm"});
  x = layers::flatten(tn::nn::relu(x));
  return layers::dense(x, code, {.name = "code"});
}

// [N, code] -> [N, 8, 8, 1], each pixel as a logit
tn::Output decoder(tn::Output code, bool training) {
  auto x = layers::dense(code, 4 * 4 * 16, {.activation = tn::nn::relu, .name = "spread"});
  x = tn::reshape(x, {-1, 4, 4, 16});
  x = layers::batch_normalization(x, {.momentum = 0.9, .training = training, .name = "norm"});
  return layers::conv2d_transpose(x, 1, 3, {.strides = 2, .padding = "same", .name = "pixels"});
}

struct Model {
  Model(tn::Output images, int64_t code, bool training) {
    auto scope = tn::variable_scope("model", {.reuse = tn::AUTO_REUSE});
    tn::Output numbers;
    {
      auto encoding = tn::variable_scope("encoder");
      numbers = encoder(images, code, training);
    }
    auto decoding = tn::variable_scope("decoder");
    auto logits = decoder(numbers, training);
    drawn = tn::sigmoid(logits);
    const char* collection = training ? "losses" : "";
    loss = tn::losses::sigmoid_cross_entropy(images, logits, {.loss_collection = collection});
    error = tn::reduce_mean(tn::square(drawn - images));
  }
  tn::Output drawn, loss, error;
};

int main(int argc, char** argv) try {
  int64_t steps = 1500, code = 8, seed = 1;
  std::string data = TENON_SAMPLE_DATA "/digits.csv.gz";
  samples::Flags flags("autoencoder", "Draws handwritten digits from a few numbers each.");
  flags.add("--steps", steps, "of training, each with 64 images", 1);
  flags.add("--code", code, "how many numbers an image has to go through", 1);
  flags.add("--seed", seed, "of the first weights and the choice of images", 0);
  flags.add("--data", data, "the images, as CSV or gzip'd CSV");
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();
  const digits::Divided images = digits::divide(digits::read(data), kTest, uint32_t(seed));

  tn::set_random_seed(seed);
  auto on = tn::device("/device:GPU:0");  // or where it can be: allow_soft_placement
  auto fed = tn::placeholder(tn::float32, {kBatch, 8, 8, 1}, {.name = "images"});
  auto tested = tn::placeholder(tn::float32, {kTest, 8, 8, 1}, {.name = "tested"});
  const Model training(fed, code, true), test(tested, code, false);
  tn::Operation train;
  {
    // The averages go on with each step.
    auto after =
        tn::control_dependencies(tn::get_collection<tn::Operation>(tn::GraphKeys::UPDATE_OPS));
    train =
        tn::train::AdamOptimizer({.learning_rate = 3e-3}).minimize(tn::losses::get_total_loss());
  }

  tn::Session session({.allow_soft_placement = true});
  session.run(tn::global_variables_initializer());
  for (const tn::Variable& variable : tn::global_variables("model/")) {
    if (variable.op().name().find("Adam") != std::string::npos) continue;
    std::cout << variable.op().name() << ' ' << variable.shape()
              << (variable.trainable() ? "" : ", not trained") << '\n';
  }
  const digits::Batch test_images(images.test);
  const tn::Tensor test_pixels = test_images.images;
  auto step = session.make_callable({training.loss}, {fed}, {train});
  auto measure = session.make_callable({test.error, test.drawn}, {tested});
  digits::Batch batch(kBatch);
  digits::Shuffler random{uint32_t(seed)};
  std::vector<size_t> chosen(kBatch);
  std::vector<tn::Tensor> found;
  for (int64_t i = 1; i <= steps; ++i) {
    for (size_t& index : chosen) index = random.below(images.train.size());
    batch.fill(images.train, chosen);
    const float loss = step({batch.images})[0].scalar<float>();
    if (i % std::max<int64_t>(steps / 5, 1) != 0 && i != steps) continue;
    found = measure({test_pixels});
    std::cout << "step " << i << ": loss " << loss << ", test error " << found[0].scalar<float>()
              << '\n';
  }

  // What the test error is without any code: each image taken for the mean of all.
  const auto pixels = test_pixels.data<float>();
  double spread = 0;
  for (size_t p = 0; p < digits::kPixels; ++p) {
    double sum = 0, squares = 0;
    for (size_t i = p; i < pixels.size(); i += digits::kPixels) {
      sum += pixels[i];
      squares += double(pixels[i]) * pixels[i];
    }
    spread += squares - sum * sum / double(kTest);
  }
  std::cout << "Of the mean image: " << spread / double(pixels.size()) << "\n\nTest images:\n";
  digits::draw(std::cout, pixels.first(kShown * digits::kPixels));
  std::cout << "Drawn from " << code << " numbers each:\n";
  digits::draw(std::cout, found[1].data<float>().first(kShown * digits::kPixels));
  return 0;
} catch (const tn::Error& error) {
  std::cerr << "autoencoder: " << error.what() << '\n';
  return 1;
}
