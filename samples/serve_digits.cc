// Reads handwritten digits with the weights that the sample `digits` has trained and saved: builds
// the network alone, restores its variables by their names, and answers an image at a time.
// `serve_digits --help` lists the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "support/digits_data.h"
#include "support/digits_network.h"
#include "support/flags.h"

namespace tn = tenon;

struct Network {
  Network() {
    auto scope = tn::variable_scope("digits");
    images = tn::placeholder(tn::float32, {-1, 8, 8, 1}, {.name = "images"});
    probabilities = tn::nn::softmax(digits::read_digits(images));
  }
  tn::Output images, probabilities;
};

// The network with the weights of a checkpoint: a folder, of which the latest is taken, or a file.
class Reader {
 public:
  explicit Reader(const std::string& checkpoint) {
    const std::string latest = tn::train::latest_checkpoint(checkpoint);
    tn::train::Saver saver;  // of digits/conv1/weights and all others, by these names
    saver.restore(session_, latest.empty() ? checkpoint : latest);
  }

  // How likely the image shows each digit.
  std::vector<float> operator()(const float* pixels) {
    std::copy_n(pixels, digits::kPixels, image_.mutable_data<float>().begin());
    answer_.run_into({image_}, found_);
    return found_[0].to_vector<float>();
  }

 private:
  Network network_;
  tn::Session session_;
  tn::Callable answer_ = session_.make_callable({network_.probabilities}, {network_.images});
  tn::Tensor image_ = tn::Tensor::zeros({1, 8, 8, 1});
  std::vector<tn::Tensor> found_ = {tn::Tensor::zeros({1, 10})};
};

int main(int argc, char** argv) try {
  std::string checkpoint = "digits_checkpoint", data = TENON_SAMPLE_DATA "/digits.csv.gz";
  int64_t split_seed = 0, show = 10;
  samples::Flags flags("serve_digits", "Reads digits with what `digits --checkpoint` has saved.");
  flags.add("--checkpoint", checkpoint, "the folder of the training, or a checkpoint in it");
  flags.add("--split-seed", split_seed, "of the training: its 500 test images are read", 0);
  flags.add("--show", show, "so many of them are printed", 0);
  flags.add("--data", data, "the images, as CSV or gzip'd CSV");
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();

  const digits::Dataset test = digits::divide(digits::read(data), 500, uint32_t(split_seed)).test;
  Reader read(checkpoint);
  size_t right = 0;
  for (size_t i = 0; i < test.size(); ++i) {
    const std::vector<float> likely = read(test.image(i));
    const auto best = std::max_element(likely.begin(), likely.end());
    const auto answer = int32_t(best - likely.begin());
    right += answer == test.labels[i] ? 1 : 0;
    if (i >= size_t(show)) continue;
    std::cout << "image " << std::setw(3) << i << ": " << answer << " (" << std::fixed
              << std::setprecision(1) << std::setw(5) << 100 * *best << " %), it is "
              << test.labels[i] << '\n';
  }
  std::cout << "Read rightly: " << right << " of " << test.size() << '\n';
} catch (const tn::Error& error) {
  std::cerr << "serve_digits: " << error.what() << '\n';
  return 1;
}
