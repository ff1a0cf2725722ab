// Residual blocks of convolutions. The scope's regularizer is their weight decay; averages follow
// the variables, slowly at first, and a custom getter swaps them in where the network is tested.
#include <string>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

Output conv3x3(const Output& x, int64_t channels, const std::string& name, int seed) {
  auto scope = variable_scope(name);
  auto filter = get_variable(
      "filter", {.shape = {3, 3, x.shape()[3], channels}, .initializer = start(seed, 0.4)});
  return nn::conv2d(x, filter, {.padding = "SAME"});
}

Output residual_network(const Output& images) {
  auto x = conv3x3(images, 3, "first", 19);
  for (int block = 0; block < 2; ++block) {
    auto scope = variable_scope("block" + std::to_string(block));
    auto inner = conv3x3(nn::elu(x), 3, "conv0", 20 + 2 * block);
    x = x + conv3x3(nn::elu(inner), 3, "conv1", 21 + 2 * block);
  }
  auto pooled = nn::avg_pool(nn::relu(x), {.ksize = {1, 5, 5, 1}, .strides = {1, 1, 1, 1}});
  return dense(reshape(pooled, {-1, 3}), 4, "classes", 24);
}

struct Residual {
  Output images = placeholder(float32, {-1, 5, 5, 2}), labels = placeholder(int32, {-1});
  Output data_loss, loss, test_loss;
  Operation train;

  Output loss_of(const Output& logits) const {
    return reduce_mean(
        nn::sparse_softmax_cross_entropy_with_logits({.labels = labels, .logits = logits}));
  }

  Residual() {
    {
      auto scope = variable_scope("net", {.regularizer = l2_regularizer(0.01)});
      data_loss = loss_of(residual_network(images));
    }
    loss = data_loss + losses::get_regularization_loss();
    auto step = train::get_or_create_global_step();
    train::MomentumOptimizer optimizer({.learning_rate = 0.1, .momentum = 0.8});
    train::ExponentialMovingAverage averages({.decay = 0.9, .num_updates = step});
    {
      auto after = control_dependencies({optimizer.minimize(loss, {.global_step = step})});
      train = averages.apply();
    }
    auto averaged = [&averages](const Getter& getter, const std::string& name,
                                const GetVariableOptions& options) {
      auto variable = getter(name, options);
      auto average = averages.average(variable);
      return average ? average : variable;
    };
    auto scope = variable_scope("net", {.custom_getter = averaged, .reuse = true});
    test_loss = loss_of(residual_network(images));
  }
};

TEST_P(ModelTest, ResidualNetworkWithWeightDecayAndAverages) {
  const Residual net;
  Comparison tensorflow("residual");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 20; ++i) {
    const Feeds feeds = {{net.images, numbers({4, 5, 5, 2}, 3 * i)},
                         {net.labels, choices({4}, 3 * i + 1, 4)}};
    auto values = session.run({net.data_loss, net.loss, net.train}, feeds);
    values.push_back(session.run(net.test_loss, feeds));
    tensorflow.step(values);
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
