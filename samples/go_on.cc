// Goes on with a training that somebody left off in TensorFlow 1: a MetaGraph and a checkpoint of
// old (V1) with Adam's slots, published on GitHub. The policy swings a two-armed robot up by a
// motor between its arms; it plays, then learns from further games. `go_on --help` lists the flags.
#include <tenon/tenon.h>

#include <cstdint>
#include <exception>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "support/acrobot.h"
#include "support/flags.h"

namespace tn = tenon;

struct Game {
  std::vector<float> seen, moves;  // six numbers a step; one of three moves is 1
  int64_t steps = 0;
};

int main(int argc, char** argv) try {
  int64_t games = 100, seed = 1;
  samples::Flags flags("go_on", "Goes on with a training of TensorFlow 1.");
  flags.add("--games", games, "that it learns from", 1);
  flags.add("--seed", seed, "of the moves", 0);
  if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();

  const std::string model = TENON_SAMPLE_DATA "/acrobot/model.ckpt";
  tn::train::ImportedMetaGraph imported = tn::train::import_meta_graph(model + ".meta");
  tn::Session session;
  imported.saver.restore(session, model);
  const tn::Graph graph = session.graph();
  const tn::Output seen = graph.tensor("policy/Placeholder:0");
  const auto choose = session.make_callable({graph.tensor("policy/Softmax:0")}, {seen});
  std::mt19937 random{uint32_t(seed)};
  const auto uniform = [&random] { return random() / 4294967296.0; };

  const auto play = [&] {
    Game game;
    samples::Acrobot robot;
    for (double& value : robot.at) value = 0.2 * uniform() - 0.1;
    for (; !robot.is_up() && game.steps < 500; ++game.steps) {
      const auto state = robot.seen();
      const auto chances = choose({tn::Tensor::from<float>(state, {1, 6})})[0].to_vector<float>();
      const double dice = uniform();
      const size_t move = dice < chances[0] ? 0 : dice < double(chances[0]) + chances[1] ? 1 : 2;
      robot.push(double(move) - 1);
      game.seen.insert(game.seen.end(), state.begin(), state.end());
      for (size_t i = 0; i < 3; ++i) game.moves.push_back(i == move ? 1 : 0);
    }
    return game;
  };
  const auto mean_steps = [&play](int64_t count) {
    int64_t steps = 0;
    for (int64_t i = 0; i < count; ++i) steps += play().steps;
    return double(steps) / double(count);
  };

  std::cout << "as it was published: up after " << mean_steps(100) << " steps\n";
  double usual = 100;
  for (int64_t i = 0; i < games; ++i) {
    const Game game = play();
    const auto better = float((usual - double(game.steps)) / 100);  // than it used to be
    usual += 0.1 * (double(game.steps) - usual);
    session.run(
        graph.operation("policy/Adam"),
        {{seen, tn::Tensor::from<float>(game.seen, {game.steps, 6})},
         {"policy/Placeholder_1:0", tn::Tensor::from<float>(game.moves, {game.steps, 3})},
         {"policy/Placeholder_2:0", tn::Tensor::full({game.steps, 1}, tn::Tensor(better))}});
  }
  std::cout << "after " << games << " games more: up after " << mean_steps(100) << " steps\n";
  return 0;
} catch (const std::exception& error) {
  std::cerr << "go_on: " << error.what() << '\n';
  return 1;
}
