// A variational autoencoder. Its noise is fed; the decoder is used twice; the bound that it trains
// by has a moving average, updated after each step, without the bias of its start at zero.
#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

struct Vae {
  Output x = placeholder(float32, {-1, 10}), noise = placeholder(float32, {-1, 3});
  Output wrong, divergence, smooth, drawn;
  Operation train;

  static Output decode(const Output& z) {
    auto scope = variable_scope("decoder", {.reuse = AUTO_REUSE});
    return dense(nn::softplus(dense(z, 8, "hidden", 8)), 10, "pixels", 9);
  }

  Vae() {
    Output mean, log_variance;
    {
      auto scope = variable_scope("encoder");
      auto code = split(dense(tanh(dense(x, 8, "hidden", 6)), 6, "code", 7), 2, {.axis = 1});
      mean = code[0];
      log_variance = code[1];
    }
    auto logits = decode(mean + exp(0.5 * log_variance) * noise);
    auto crossed = nn::sigmoid_cross_entropy_with_logits({.labels = x, .logits = logits});
    wrong = reduce_mean(reduce_sum(crossed, {.axis = 1}));
    auto terms = 1.0 + log_variance - square(mean) - exp(log_variance);
    divergence = -0.5 * reduce_mean(reduce_sum(terms, {.axis = 1}));
    auto bound = add(wrong, divergence, {.name = "bound"});

    train::AdamOptimizer adam({.learning_rate = 0.02, .beta1 = 0.8});
    train::ExponentialMovingAverage averages({.decay = 0.8, .zero_debias = true});
    {
      auto after = control_dependencies({adam.minimize(bound)});
      train = averages.apply({bound});
    }
    smooth = averages.average(bound);
    drawn = sigmoid(decode(noise));
  }
};

TEST_P(ModelTest, VariationalAutoencoder) {
  const Vae vae;
  Comparison tensorflow("vae");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 30; ++i) {
    Tensor images = numbers({6, 10}, 5 * i);
    for (float& pixel : images.mutable_data<float>()) pixel = 0.5f + 0.5f * pixel;
    tensorflow.step(session.run({vae.wrong, vae.divergence, vae.train},
                                {{vae.x, images}, {vae.noise, numbers({6, 3}, 5 * i + 1, 1.7)}}));
    tensorflow.step(
        session.run({vae.smooth, vae.drawn}, {{vae.noise, numbers({1, 3}, 5 * i + 2)}}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
