// Asks a network that somebody published as a frozen graph of TensorFlow 1 what it sees in a
// picture: the ten classes of CIFAR-10 in images of 32 x 32 pixels. `classify --help` lists the
// flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <iostream>
#include <numeric>
#include <string>

#include "support/flags.h"
#include "support/picture.h"

namespace tn = tenon;

constexpr std::array<const char*, 10> kClasses = {
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};

// The picture as an image of values between 0 and 1.
tn::Tensor image_of(const samples::Picture& picture) {
  tn::Tensor image(tn::float32, {1, picture.height, picture.width, 3});
  std::transform(picture.rgb.begin(), picture.rgb.end(), image.mutable_data<float>().begin(),
                 [](uint8_t value) { return float(value) / 255; });
  return image;
}

int main(int argc, char** argv) try {
  std::string path = TENON_SAMPLE_DATA "/astronaut.png";
  std::string model = TENON_SAMPLE_DATA "/cifar/cifar.pb";
  samples::Flags flags("classify", "Asks a published network what it sees in a picture.");
  flags.add("--picture", path, "a PNG file");
  flags.add("--model", model, "a frozen graph that takes Input and gives Output");
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();

  // The picture's size is the graph's own part: what stands before the network is made here.
  const auto picture = tn::placeholder(tn::float32, {1, -1, -1, 3}, {.name = "picture"});
  const auto small = tn::image::resize_bilinear(picture, {32, 32});
  const auto network = tn::import_graph_def(
      model, {.input_map = {{"Input:0", small}}, .return_elements = {"Output:0"}});
  const auto chances = tn::nn::softmax(network.outputs[0]);

  tn::Session session;
  const auto found =
      session.run(chances, {{picture, image_of(samples::read_png(path))}}).to_vector<float>();
  std::array<size_t, 10> order = {};
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return found[a] > found[b]; });
  for (const size_t i : {order[0], order[1], order[2]}) {
    std::printf("%-10s %5.1f %%\n", kClasses[i], 100 * double(found[i]));
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << "classify: " << error.what() << '\n';
  return 1;
}
