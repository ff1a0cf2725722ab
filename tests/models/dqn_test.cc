// Double deep Q-learning: the target network is a copy of the other, brought up to date every five
// steps; collections by scope say which variables are trained, and which are copied.
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

Output q_network(const Output& x, const std::string& name) {
  auto scope = variable_scope(name, {.reuse = AUTO_REUSE});
  return dense(nn::relu(dense(x, 9, "hidden", 1, 0.7)), 3, "q", 2, 0.7);
}

struct Dqn {
  Output states = placeholder(float32, {-1, 4}), next_states = placeholder(float32, {-1, 4});
  Output actions = placeholder(int32, {-1}), rewards = placeholder(float32, {-1});
  Output done = placeholder(float32, {-1});
  Output q, loss;
  Operation copy, train;

  Dqn() {
    q = q_network(states, "online");
    auto best = argmax(q_network(next_states, "online"), {.axis = 1});
    auto next_q = reduce_sum(q_network(next_states, "target") * one_hot(best, 3), {.axis = 1});
    auto target = stop_gradient(rewards + 0.9 * (1.0 - done) * next_q);
    auto error = target - reduce_sum(q * one_hot(actions, 3), {.axis = 1});
    auto huber = where(abs(error) < 0.5, 0.5 * square(error), 0.5 * abs(error) - 0.125);
    loss = reduce_mean(huber);

    auto online = get_collection<Variable>(GraphKeys::TRAINABLE_VARIABLES, "online/");
    auto copied = get_collection<Variable>(GraphKeys::TRAINABLE_VARIABLES, "target/");
    std::vector<Output> copies;
    for (size_t i = 0; i < online.size(); ++i) copies.push_back(copied.at(i).assign(online[i]));
    copy = group(copies);

    auto step = train::get_or_create_global_step();
    train::RMSPropOptimizer optimizer(
        {.learning_rate = 0.02, .momentum = 0.3, .epsilon = 0.01, .centered = true});
    auto pairs = optimizer.compute_gradients(loss, {.var_list = online});
    for (auto& pair : pairs) pair.gradient = clip_by_norm(pair.gradient, 0.2);
    train = optimizer.apply_gradients(pairs, {.global_step = step});
  }
};

TEST_P(ModelTest, DqnWithATargetNetwork) {
  const Dqn agent;
  Comparison tensorflow("dqn");
  Session session(options());
  session.run(global_variables_initializer());
  auto learn = session.make_callable(
      {agent.loss, agent.q},
      {agent.states, agent.next_states, agent.actions, agent.rewards, agent.done}, {agent.train});
  for (int i = 0; i < 30; ++i) {
    if (i % 5 == 0) session.run(agent.copy);
    tensorflow.step(
        learn({numbers({6, 4}, 10 * i), numbers({6, 4}, 10 * i + 1), choices({6}, 10 * i + 2, 3),
               numbers({6}, 10 * i + 3), choices({6}, 10 * i + 4, 2, float32)}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
