// Tenon inside a program: a graph of its own, threads, and the program's memory in and out.
//
// The program has frames of numbers in memory of its own. A filter smooths them: one graph, and for
// each channel a session with a gain of its own, run in a thread of its own.
#include <tenon/tenon.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>
#include <iostream>
#include <memory>
#include <vector>

namespace tn = tenon;

namespace {

constexpr int64_t kHeight = 48, kWidth = 64;
using Frame = std::vector<float>;  // kHeight rows of kWidth

// What it makes is in its own graph; the program's default graph, if it has one, sees none of it.
struct Filter {
  Filter() {
    auto as_default = graph.as_default();  // on this thread, while this function runs
    in = tn::placeholder(tn::float32, {1, kHeight, kWidth, 1}, {.name = "in"});
    gain = tn::get_variable("gain", {.shape = {}, .initializer = tn::ones_initializer()});
    auto box = tn::fill({3, 3, 1, 1}, 1.0f / 9);
    out = tn::multiply(tn::nn::conv2d(in, box, {.padding = "SAME"}), gain, {.name = "out"});
    graph.finalize();  // nobody adds to it by mistake
  }
  tn::Graph graph;
  tn::Output in, out;
  tn::Variable gain;
};

// One gain, one session: its variables are its own, the graph is shared.
class Channel {
 public:
  Channel(const Filter& filter, float gain)
      : session_(filter.graph, {.threads = 1}),  // the program has use for the other cores
        step_(session_.make_callable({filter.out}, {filter.in})) {
    filter.gain.load(tn::Tensor(gain), session_);
  }
  void run(const tn::Tensor& in, tn::Tensor& out) { step_.run_into({in}, {&out, 1}); }

 private:
  tn::Session session_;
  tn::Callable step_;
};

std::atomic<int> views = 0;  // tensors that look at the program's memory now

tn::Tensor view(Frame& frame, int64_t height = kHeight) {
  ++views;
  return tn::Tensor::adopt(tn::float32, {1, height, kWidth, 1}, frame.data(), [] { --views; });
}

// What the camera would do: the next picture, in the same memory.
void take_picture(Frame& frame, int number) {
  for (size_t i = 0; i < frame.size(); ++i) frame[i] = float((i * 7 + size_t(number) * 13) % 32);
}

// The filter as a plain loop, to compare with.
float smooth(const Frame& frame, int64_t y, int64_t x) {
  float sum = 0;
  for (int64_t row = std::max<int64_t>(y - 1, 0); row <= std::min(y + 1, kHeight - 1); ++row) {
    for (int64_t col = std::max<int64_t>(x - 1, 0); col <= std::min(x + 1, kWidth - 1); ++col) {
      sum += frame[size_t(row * kWidth + col)];
    }
  }
  return sum / 9;
}

bool is_right(const Frame& in, const Frame& out, float gain) {
  for (int64_t y = 0; y < kHeight; ++y) {
    for (int64_t x = 0; x < kWidth; ++x) {
      const float expected = gain * smooth(in, y, x);
      if (std::abs(out[size_t(y * kWidth + x)] - expected) > 1e-5f * (1 + expected)) return false;
    }
  }
  return true;
}

const char* yes_or_no(bool yes) { return yes ? "yes" : "no"; }

void run_program() {
  auto filter = std::make_unique<Filter>();
  std::cout << "operations in the filter's graph: " << filter->graph.operations().size()
            << ", in the program's: " << tn::get_default_graph().operations().size() << '\n';

  const std::vector<float> gains = {1.0f, 10.0f};
  Frame picture(size_t(kHeight * kWidth));
  std::vector<Frame> results(gains.size(), Frame(picture.size()));
  std::vector<std::unique_ptr<Channel>> channels;
  for (const float gain : gains) channels.push_back(std::make_unique<Channel>(*filter, gain));

  // The memory is wrapped once; both channels read the one picture, where it lies.
  const tn::Tensor in = view(picture);
  std::vector<tn::Tensor> outs;
  for (Frame& result : results) outs.push_back(view(result));
  int right = 0;
  for (int number = 0; number < 50; ++number) {
    take_picture(picture, number);
    std::vector<std::future<void>> running;  // a thread a channel
    for (size_t i = 0; i < channels.size(); ++i) {
      running.push_back(std::async(std::launch::async, [&, i] { channels[i]->run(in, outs[i]); }));
    }
    for (std::future<void>& done : running) done.get();  // an error in the thread arrives here
    for (size_t i = 0; i < gains.size(); ++i) right += is_right(picture, results[i], gains[i]);
  }
  std::cout << "right results in the program's memory: " << right << " of 100\n"
            << "the picture is read where it lies: " << yes_or_no(in.raw() == picture.data())
            << '\n';
  for (size_t i = 0; i < gains.size(); ++i) {
    std::cout << "channel " << i << " writes where the program wants it: "
              << yes_or_no(outs[i].raw() == results[i].data()) << ", " << gains[i]
              << " x smoothed: " << results[i][500] << '\n';
  }

  try {
    channels[0]->run(view(picture, kHeight / 2), outs[0]);
  } catch (const tn::ValueError& error) {
    std::cout << "half a picture is refused: " << to_string(error.kind()) << '\n';
  }
  filter.reset();  // the channels keep what they need of the graph
  channels[0]->run(in, outs[0]);
  std::cout << "a channel outlives its filter: " << yes_or_no(is_right(picture, results[0], 1))
            << '\n';
}

}  // namespace

int main() {
  try {
    run_program();
  } catch (const tn::Error& error) {
    std::cerr << "embed: " << error.what() << '\n';
    return 1;
  }
  std::cout << "views of the program's memory left at its end: " << views << '\n';
  return 0;
}
