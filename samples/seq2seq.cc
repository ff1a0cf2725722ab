// Learns to write sequences of digits backwards: one recurrent cell reads, another writes. In
// training it is given what it should have written so far; by itself it writes in a while_loop,
// each digit fed with the one before, until every sequence has its end mark. `seq2seq --help` lists
// the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "support/digits_data.h"
#include "support/flags.h"

namespace tn = tenon;

constexpr int64_t kBatch = 64, kUnits = 96, kLongest = 6, kDigits = 10, kSymbols = 11;
constexpr int32_t kEnd = 10;  // also what the first digit follows

// Sequences of 2 to 6 digits, and the same backwards with the end mark behind; the rest is padding.
struct Examples {
  explicit Examples(int64_t count)
      : given(tn::int32, {count, kLongest}),
        lengths(tn::int32, {count}),
        reversed(tn::int32, {count, kLongest + 1}) {}

  void fill(digits::Shuffler& random) {
    auto from = given.mutable_data<int32_t>(), to = reversed.mutable_data<int32_t>();
    std::fill(from.begin(), from.end(), kEnd);
    std::fill(to.begin(), to.end(), kEnd);
    for (int32_t& length : lengths.mutable_data<int32_t>()) {
      length = int32_t(2 + random.below(size_t(kLongest - 1)));
      for (int32_t i = 0; i < length; ++i) {
        from[size_t(i)] = to[size_t(length - 1 - i)] = int32_t(random.below(size_t(kDigits)));
      }
      from = from.subspan(size_t(kLongest));
      to = to.subspan(size_t(kLongest + 1));
    }
  }
  tn::Tensor given, lengths, reversed;
};

tn::Output symbols(tn::Output numbers) { return tn::one_hot(numbers, kSymbols); }

// By one set of weights, wherever it is called.
tn::Output logits(tn::Output outputs) {
  return tn::layers::dense(outputs, kSymbols, {.name = "symbols", .reuse = tn::AUTO_REUSE});
}

struct Network {
  Network() : reader({.num_units = kUnits}), writer({.num_units = kUnits}) {
    given = tn::placeholder(tn::int32, {-1, kLongest}, {.name = "given"});
    lengths = tn::placeholder(tn::int32, {-1}, {.name = "lengths"});
    reversed = tn::placeholder(tn::int32, {-1, kLongest + 1}, {.name = "reversed"});
    auto read =
        tn::nn::dynamic_rnn(reader, symbols(given),
                            {.sequence_length = lengths, .dtype = tn::float32, .scope = "reader"});
    auto first = tn::fill(tn::shape(lengths), kEnd);
    train(read.state, first);
    write(read.state, first);
  }

  // What follows each symbol, where those before it are right; behind the end mark nothing counts.
  void train(const tn::nn::State& state, tn::Output first) {
    auto before =
        tn::concat({tn::expand_dims(first, 1), tn::slice(reversed, {0, 0}, {-1, kLongest})}, 1);
    auto outputs =
        tn::nn::dynamic_rnn(writer, symbols(before), {.initial_state = state, .scope = "writer"})
            .outputs;
    auto counts = tn::sequence_mask(lengths + 1, {.maxlen = kLongest + 1, .dtype = tn::float32});
    loss = tn::losses::sparse_softmax_cross_entropy(reversed, logits(outputs), {.weights = counts});
  }

  // One symbol a round for each sequence, the likeliest; a longer list each time.
  void write(const tn::nn::State& state, tn::Output first) {
    auto none = tn::zeros({tn::size(lengths), 0}, tn::int32);
    auto goes_on = [](tn::Output i, tn::Output last, tn::Output, tn::Output) {
      return (i <= kLongest) & (tn::equal(i, 0) | tn::reduce_any(tn::not_equal(last, kEnd)));
    };
    auto next = [this](tn::Output i, tn::Output last, tn::Output before,
                       tn::Output so_far) -> tn::Returned {
      auto step = writer(symbols(last), before);
      auto likeliest = tn::argmax(logits(step.output), {.axis = 1, .output_type = tn::int32});
      auto now =
          tn::where((i > 0) & tn::equal(last, kEnd), last, likeliest);  // what has ended stays
      return {i + 1, now, step.state.value(), tn::concat({so_far, tn::expand_dims(now, 1)}, 1)};
    };
    const std::vector<tn::Shape> invariants = {{}, {-1}, {-1, kUnits}, {-1, -1}};
    auto results = tn::while_loop(goes_on, next, {0, first, state.value(), none},
                                  {.shape_invariants = invariants, .name = "write"});
    rounds = results[0];
    written = results[3];
  }

  tn::nn::GRUCell reader, writer;
  tn::Output given, lengths, reversed, loss, rounds, written;
};

std::string text_of(const tn::Tensor& numbers, int64_t row) {
  std::string text;
  const int64_t columns = numbers.shape()[1];
  for (int64_t i = row * columns; i < (row + 1) * columns; ++i) {
    const int32_t number = numbers.data<int32_t>()[size_t(i)];
    if (number == kEnd) break;
    text += char('0' + number);
  }
  return text;
}

int main(int argc, char** argv) try {
  int64_t steps = 1500, tests = 200, seed = 1;
  samples::Flags flags("seq2seq", "Learns to write sequences of digits backwards.");
  flags.add("--steps", steps, "of training, each with 64 sequences", 1);
  flags.add("--tests", tests, "how many new sequences are written backwards at the end", 1);
  flags.add("--seed", seed, "of the first weights and the sequences", 0);
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();

  tn::set_random_seed(seed);
  const Network net;
  auto train = tn::train::AdamOptimizer({.learning_rate = 5e-3}).minimize(net.loss);
  tn::Session session;
  session.run(tn::global_variables_initializer());
  auto step = session.make_callable({net.loss}, {net.given, net.lengths, net.reversed}, {train});
  digits::Shuffler random{uint32_t(seed)};
  Examples batch(kBatch);
  for (int64_t i = 1; i <= steps; ++i) {
    batch.fill(random);
    const auto loss = step({batch.given, batch.lengths, batch.reversed});
    if (i % std::max<int64_t>(steps / 6, 1) == 0) {
      std::cout << "step " << i << ": loss " << loss[0].scalar<float>() << " a symbol\n";
    }
  }

  Examples unseen(tests);
  unseen.fill(random);
  const tn::Feeds fed = {{net.given, unseen.given}, {net.lengths, unseen.lengths}};
  const auto found = session.run({net.written, net.rounds}, fed);
  int64_t right = 0;
  for (int64_t i = 0; i < tests; ++i) {
    const std::string written = text_of(found[0], i);
    right += written == text_of(unseen.reversed, i) ? 1 : 0;
    if (i < 5) std::cout << text_of(unseen.given, i) << " -> " << written << '\n';
  }
  std::cout << "Right: " << right << " of " << tests << ", written in "
            << found[1].scalar<int32_t>() << " rounds of the loop\n";
  return 0;
} catch (const tn::Error& error) {
  std::cerr << "seq2seq: " << error.what() << '\n';
  return 1;
}
