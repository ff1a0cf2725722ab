// Learns from a text which words stand in the same company, and prints the nearest of some: a
// skip-gram with negative samples. A step looks up a few rows of each table, so that its gradients
// are sparse and the optimizer touches no other row. `embedding --help` lists the flags.
#include <tenon/tenon.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/digits_data.h"
#include "support/flags.h"

namespace tn = tenon;

constexpr int64_t kBatch = 128, kNegatives = 8, kWindow = 4, kNearest = 5;
constexpr size_t kRarest = 5;  // a word that is seen less often is left out

// The words of a text, in lower case, by number: the most frequent first.
struct Corpus {
  explicit Corpus(const std::string& path) {
    std::ifstream file(path);
    if (!file) throw tn::NotFoundError(tn::ErrorKind::no_such_file, "can't read " + path);
    std::vector<std::string> all;
    std::map<std::string, size_t> counts;
    std::string word;
    for (std::istreambuf_iterator<char> at(file), end; at != end; ++at) {
      if (std::isalpha(static_cast<unsigned char>(*at)) != 0 || *at == '_') {
        word += char(std::tolower(static_cast<unsigned char>(*at)));
      } else if (!word.empty()) {
        ++counts[word];
        all.push_back(std::exchange(word, {}));
      }
    }
    for (const auto& [name, count] : counts) {
      if (count >= kRarest) words.push_back(name);
    }
    std::stable_sort(words.begin(), words.end(),
                     [&](const auto& a, const auto& b) { return counts[a] > counts[b]; });
    std::map<std::string, int32_t> numbers;
    for (const std::string& name : words) numbers.emplace(name, int32_t(numbers.size()));
    for (const std::string& name : all) {
      if (numbers.contains(name)) text.push_back(numbers[name]);
    }
  }
  std::vector<std::string> words;
  std::vector<int32_t> text;
};

struct Model {
  Model(int64_t words, int64_t size) {
    centers = tn::placeholder(tn::int32, {kBatch}, {.name = "centers"});
    // Of each center a word that stands near, and some from anywhere.
    others = tn::placeholder(tn::int32, {kBatch, 1 + kNegatives}, {.name = "others"});
    auto table = tn::get_variable(
        "words", {.shape = {words, size},
                  .initializer = tn::random_uniform_initializer({.minval = -0.5, .maxval = 0.5})});
    auto company = tn::get_variable(
        "company", {.shape = {words, size}, .initializer = tn::zeros_initializer()});
    auto center = tn::expand_dims(tn::nn::embedding_lookup(table, centers), 1);
    auto other = tn::nn::embedding_lookup(company, others);
    auto logits = tn::reduce_sum(center * other, {.axis = 2});
    auto labels = tn::one_hot(tn::zeros({kBatch}, tn::int32), 1 + kNegatives);
    loss = tn::losses::sigmoid_cross_entropy(labels, logits);
    auto unit = tn::nn::l2_normalize(table, {.axis = 1});
    asked = tn::placeholder(tn::int32, {-1}, {.name = "asked"});
    auto cosines = tn::matmul(tn::gather(unit, asked), unit, {.transpose_b = true});
    nearest = tn::nn::top_k(cosines, {.k = kNearest + 1});  // each word is nearest to itself
  }
  tn::Output centers, others, loss, asked;
  tn::nn::TopK nearest;
};

// Words, each with one that stands near it and some taken from the whole text.
void fill(const Corpus& corpus, digits::Shuffler& random, tn::Tensor& centers, tn::Tensor& others) {
  auto center = centers.mutable_data<int32_t>(), other = others.mutable_data<int32_t>();
  const size_t length = corpus.text.size();
  for (size_t i = 0; i < size_t(kBatch); ++i) {
    const size_t at = random.below(length - size_t(kWindow));
    const size_t near = at + 1 + random.below(size_t(kWindow));
    const bool forward = random.below(2) == 0;
    center[i] = corpus.text[forward ? at : near];
    auto row = other.subspan(i * size_t(1 + kNegatives), size_t(1 + kNegatives));
    row[0] = corpus.text[forward ? near : at];
    for (int32_t& negative : row.subspan(1)) negative = corpus.text[random.below(length)];
  }
}

std::vector<int32_t> numbers_of(const std::string& list, const Corpus& corpus) {
  std::vector<int32_t> numbers;
  std::istringstream text(list);
  for (std::string word; std::getline(text, word, ',');) {
    const auto at = std::find(corpus.words.begin(), corpus.words.end(), word);
    if (at == corpus.words.end()) {
      throw tn::ValueError(tn::ErrorKind::bad_argument, "the text doesn't have '" + word + "'");
    }
    numbers.push_back(int32_t(at - corpus.words.begin()));
  }
  return numbers;
}

int main(int argc, char** argv) try {
  int64_t steps = 6000, size = 32, seed = 1;
  std::string path = TENON_SAMPLE_DATA "/../../docs/variables.md", probes = "scope,shape,reuse";
  samples::Flags flags("embedding", "Learns which words of a text stand in the same company.");
  flags.add("--steps", steps, "of training, each with 128 words", 1);
  flags.add("--size", size, "how many numbers a word becomes", 1);
  flags.add("--seed", seed, "of the first numbers and the choice of words", 0);
  flags.add("--text", path, "the text");
  flags.add("--words", probes, "whose nearest words are printed, with commas between them");
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();
  const Corpus corpus(path);
  const std::vector<int32_t> asked = numbers_of(probes, corpus);
  std::cout << corpus.text.size() << " words, " << corpus.words.size() << " of them different\n";
  tn::set_random_seed(seed);
  const Model model(int64_t(corpus.words.size()), size);
  auto train = tn::train::AdagradOptimizer({.learning_rate = 0.3}).minimize(model.loss);
  tn::Session session;
  session.run(tn::global_variables_initializer());
  auto step = session.make_callable({model.loss}, {model.centers, model.others}, {train});
  digits::Shuffler random{uint32_t(seed)};
  tn::Tensor centers(tn::int32, {kBatch}), others(tn::int32, {kBatch, 1 + kNegatives});
  float sum = 0;
  const int64_t shown = std::max<int64_t>(steps / 6, 1);
  for (int64_t i = 1; i <= steps; ++i) {
    fill(corpus, random, centers, others);
    sum += step({centers, others})[0].scalar<float>();
    if (i % shown != 0) continue;
    std::cout << "step " << i << ": loss " << std::exchange(sum, 0) / float(shown) << '\n';
  }
  const tn::Tensor found = session.run(model.nearest.indices, {{model.asked, tn::Tensor(asked)}});
  const auto numbers = found.data<int32_t>();
  for (size_t i = 0; i < asked.size(); ++i) {
    std::cout << corpus.words[size_t(asked[i])] << ':';
    for (const int32_t near : numbers.subspan(i * size_t(kNearest + 1), size_t(kNearest + 1))) {
      if (near != asked[i]) std::cout << ' ' << corpus.words[size_t(near)];
    }
    std::cout << '\n';
  }
  return 0;
} catch (const std::exception& error) {
  std::cerr << "embedding: " << error.what() << '\n';
  return 1;
}
