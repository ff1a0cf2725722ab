// Learns a text letter by letter and goes on from a beginning of it. A long short-term memory reads
// pieces of the text by dynamic_rnn; the same cell, with the same weights, then writes one letter
// after the other, fed with the one before. `char_rnn --help` lists the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "support/digits_data.h"
#include "support/flags.h"

namespace tn = tenon;

constexpr int64_t kBatch = 16, kLength = 40, kUnits = 96;

// The letters of a text have numbers, in the order of their codes.
struct Alphabet {
  explicit Alphabet(const std::string& text) : letters(text) {
    std::sort(letters.begin(), letters.end());
    letters.erase(std::unique(letters.begin(), letters.end()), letters.end());
  }
  int64_t size() const { return int64_t(letters.size()); }
  int32_t number_of(char letter) const { return int32_t(letters.find(letter)); }
  std::string letters;
};

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw tn::NotFoundError(tn::ErrorKind::bad_argument, "can't read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The network over a whole piece, and one letter at a time.
struct Network {
  explicit Network(int64_t letters) : cell({.num_units = kUnits}) {
    pieces = tn::placeholder(tn::int32, {kBatch, kLength + 1}, {.name = "pieces"});
    auto inputs = tn::slice(pieces, {0, 0}, {kBatch, kLength});
    auto targets = tn::slice(pieces, {0, 1}, {kBatch, kLength});  // the letter that follows
    auto read = tn::nn::dynamic_rnn(cell, tn::one_hot(inputs, letters), {.dtype = tn::float32});
    loss = tn::losses::sparse_softmax_cross_entropy(targets, logits(read.outputs, letters));

    letter = tn::placeholder(tn::int32, {1}, {.name = "letter"});
    before = cell.zero_state(1, tn::float32);
    auto step = cell(tn::one_hot(letter, letters), before);
    after = step.state;
    next = tn::argmax(logits(step.output, letters), {.axis = 1, .output_type = tn::int32});
  }

  // By one set of weights, whatever it is called for.
  static tn::Output logits(tn::Output outputs, int64_t letters) {
    return tn::layers::dense(outputs, letters, {.name = "letters", .reuse = tn::AUTO_REUSE});
  }

  tn::nn::BasicLSTMCell cell;
  tn::Output pieces, loss, letter, next;
  tn::nn::State before, after;
};

// Pieces of the text from places taken at random.
tn::Tensor pieces_of(const std::string& text, const Alphabet& alphabet, digits::Shuffler& random) {
  tn::Tensor pieces(tn::int32, {kBatch, kLength + 1});
  auto numbers = pieces.mutable_data<int32_t>();
  for (size_t i = 0; i < numbers.size();) {
    const size_t from = random.below(text.size() - size_t(kLength));
    for (size_t j = 0; j <= size_t(kLength); ++j) {
      numbers[i++] = alphabet.number_of(text[from + j]);
    }
  }
  return pieces;
}

// What the network writes behind `beginning`, always the likeliest letter.
std::string written(const Network& net, tn::Session& session, const Alphabet& alphabet,
                    const std::string& beginning, int64_t count) {
  std::string all = beginning;
  const tn::Output &c = net.before[0], &h = net.before[1], &c2 = net.after[0], &h2 = net.after[1];
  auto step = session.make_callable({net.next, c2, h2}, {net.letter, c, h});
  std::vector<tn::Tensor> state = session.run({c, h});
  tn::Tensor letter(tn::int32, {1});
  for (size_t i = 0; i + 1 < beginning.size() + size_t(count); ++i) {
    letter.mutable_data<int32_t>()[0] = alphabet.number_of(all[i]);
    const std::vector<tn::Tensor> found = step({letter, state[0], state[1]});
    state = {found[1], found[2]};
    if (i + 1 == all.size()) all += alphabet.letters[size_t(found[0].data<int32_t>()[0])];
  }
  return all;
}

int main(int argc, char** argv) try {
  int64_t steps = 600, seed = 1, length = 200;
  std::string path = TENON_SAMPLE_DATA "/jabberwocky.txt", beginning = "He took";
  samples::Flags flags("char_rnn", "Learns a text by heart, letter by letter.");
  flags.add("--steps", steps, "of training, each with 16 pieces of 41 letters", 1);
  flags.add("--seed", seed, "of the first weights and the choice of pieces", 0);
  flags.add("--length", length, "of what is written at the end", 1);
  flags.add("--text", path, "the text; at least 42 letters");
  flags.add("--beginning", beginning, "what the network goes on from; letters of the text");
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();
  const std::string text = read_text(path);
  const Alphabet alphabet(text);
  if (text.size() < size_t(kLength) + 2 || beginning.empty() ||
      beginning.find_first_not_of(alphabet.letters) != std::string::npos) {
    std::cerr << "char_rnn: the text is too short, or lacks letters of the beginning\n";
    return 2;
  }

  tn::set_random_seed(seed);
  const Network net(alphabet.size());
  auto global_step = tn::train::get_or_create_global_step();
  auto found = tn::train::AdamOptimizer({.learning_rate = 5e-3}).compute_gradients(net.loss);
  std::vector<tn::Output> gradients;
  std::vector<tn::Variable> variables;
  for (const auto& [gradient, variable] : found) {
    gradients.push_back(gradient);
    variables.push_back(variable);
  }
  auto clipped = tn::clip_by_global_norm(gradients, 5.0f);
  auto train = tn::train::AdamOptimizer({.learning_rate = 5e-3})
                   .apply_gradients(tn::train::zip(clipped.tensors, variables),
                                    {.global_step = global_step});
  tn::Session session;
  session.run(tn::global_variables_initializer());
  for (const tn::Variable& variable : variables) {
    std::cout << variable.op().name() << ' ' << variable.shape() << '\n';
  }
  auto step = session.make_callable({net.loss}, {net.pieces}, {train});
  digits::Shuffler random{uint32_t(seed)};
  for (int64_t i = 1; i <= steps; ++i) {
    const auto loss = step({pieces_of(text, alphabet, random)});
    if (i % std::max<int64_t>(steps / 10, 1) == 0) {
      std::cout << "step " << i << ": loss " << loss[0].scalar<float>() << " a letter\n";
    }
  }
  std::cout << "\n" << written(net, session, alphabet, beginning, length) << '\n';
  return 0;
} catch (const std::exception& error) {
  std::cerr << "char_rnn: " << error.what() << '\n';
  return 1;
}
