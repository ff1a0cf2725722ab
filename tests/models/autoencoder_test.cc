// A denoising autoencoder: one matrix encodes and, transposed, decodes. A constraint keeps its
// columns short, and the losses are gathered in their collection.
#include <algorithm>

#include "tests/models/model_testing.h"

namespace tenon::models {
namespace {

struct Autoencoder {
  Output x = placeholder(float32, {-1, 8}), mask = placeholder(float32, {-1, 8});
  Output total, thin;
  Operation train;

  Autoencoder() {
    Variable weights, inner, outer;
    {
      auto scope = variable_scope("tied");
      auto zeros = zeros_initializer();
      auto shorten = [](const Output& w) { return clip_by_norm(w, 1.1, {.axes = {0}}); };
      weights = get_variable(
          "weights", {.shape = {8, 5}, .initializer = start(44, 0.9), .constraint = shorten});
      inner = get_variable("inner", {.shape = {5}, .initializer = zeros});
      outer = get_variable("outer", {.shape = {8}, .initializer = zeros});
    }
    auto code = nn::selu(matmul(x * mask, weights) + inner);
    auto decoded = matmul(code, weights, {.transpose_b = true}) + outer;
    thin = 0.02 * reduce_mean(reduce_sum(abs(code), {.axis = 1}));
    losses::add_loss(reduce_mean(squared_difference(decoded, x)));
    losses::add_loss(thin);
    total = losses::get_total_loss();
    train::AdadeltaOptimizer optimizer({.learning_rate = 1.0, .rho = 0.9, .epsilon = 1e-4});
    train = optimizer.minimize(total);
  }
};

TEST_P(ModelTest, DenoisingAutoencoderOfTiedAndConstrainedWeights) {
  const Autoencoder model;
  Comparison tensorflow("autoencoder");
  Session session(options());
  session.run(global_variables_initializer());
  for (int i = 0; i < 40; ++i) {
    Tensor mask = choices({6, 8}, 2 * i + 1, 4, float32);
    for (float& factor : mask.mutable_data<float>()) factor = std::min(factor, 1.0f);
    tensorflow.step(session.run({model.total, model.thin, model.train},
                                {{model.x, numbers({6, 8}, 2 * i)}, {model.mask, mask}}));
  }
  tensorflow.variables(session);
}

}  // namespace
}  // namespace tenon::models
