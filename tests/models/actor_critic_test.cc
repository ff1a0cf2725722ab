// An actor and a critic on one torso. Rewards are counted from their running mean, which the same
// step updates, and discounted by operations made in a loop; the learning rate falls.
#include <vector>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

struct ActorCritic {
  Output observations = placeholder(float32, {8, 5}), actions = placeholder(int32, {8});
  Output rewards = placeholder(float32, {8});
  Output logits, values, policy_loss, value_loss, entropy, norm;
  Operation train;

  ActorCritic() {
    {
      auto scope = variable_scope("agent");
      auto torso = tanh(dense(observations, 7, "torso", 3, 0.6));
      logits = dense(torso, 4, "policy", 4, 0.6);
      values = squeeze(dense(torso, 1, "value", 5, 0.6), {.axis = {1}});
    }
    auto advantage = discounted(rewards) - values;
    auto taken =
        nn::sparse_softmax_cross_entropy_with_logits({.labels = actions, .logits = logits});
    policy_loss = reduce_mean(taken * stop_gradient(advantage));
    value_loss = 0.5 * reduce_mean(square(advantage));
    auto log_policy = nn::log_softmax(logits);
    entropy = -reduce_mean(reduce_sum(exp(log_policy) * log_policy, {.axis = 1}));
    minimize(policy_loss + 0.5 * value_loss - 0.01 * entropy);
  }

  static Output discounted(const Output& rewards) {
    Variable mean(0.25f, {.name = "mean_reward", .trainable = false});
    Output centered;
    {
      auto after = control_dependencies({mean.assign_add(0.2 * (reduce_mean(rewards) - mean))});
      centered = rewards - mean.read_value();
    }
    auto each = unstack(centered);
    for (size_t i = each.size() - 1; i > 0; --i) each[i - 1] = each[i - 1] + 0.8 * each[i];
    return stack(each);
  }

  void minimize(const Output& loss) {
    auto step = train::get_or_create_global_step();
    auto rate = train::polynomial_decay(
        0.03, step, {.decay_steps = 25, .end_learning_rate = 0.002, .power = 2.0});
    train::AdamOptimizer optimizer({.learning_rate = rate, .epsilon = 1e-4});
    auto variables = trainable_variables();
    auto clipped = clip_by_global_norm(gradients({loss}, variables), 0.7);
    norm = clipped.global_norm;
    train =
        optimizer.apply_gradients(train::zip(clipped.tensors, variables), {.global_step = step});
  }
};

TEST_P(ModelTest, ActorCritic) {
  const ActorCritic agent;
  Comparison tensorflow("actor_critic");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 30; ++i) {
    tensorflow.step(
        session.run({agent.policy_loss, agent.value_loss, agent.entropy, agent.norm, agent.train},
                    {{agent.observations, numbers({8, 5}, 7 * i)},
                     {agent.actions, choices({8}, 7 * i + 1, 4)},
                     {agent.rewards, numbers({8}, 7 * i + 2)}}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
