// Layers against TensorFlow 2.21's numbers and names (tf.compat.v1.layers).
#include "tenon/layers.h"

#include "tenon/collections.h"
#include "tenon/losses.h"
#include "tenon/math_ops.h"
#include "tenon/nn.h"
#include "tests/layers/layers_testing.h"
#include "tests/testing/errors.h"

namespace tenon::testing {
namespace {

using ::testing::ElementsAre;

TEST_F(LayersTest, Dense) {
  expect_value(
      layers::dense(
          x({2, 3}), 2,
          {.activation = nn::relu, .kernel_initializer = kernel_, .bias_initializer = bias_}),
      {0, 0, 0.63858622, 0.83350843});
  expect_value(layers::dense(x({2, 2, 3}), 2, {.kernel_initializer = kernel_}),
               {-0.3231588, -0.40950134, 0.49475855, 0.53787351, -0.17639509, -0.13358535,
                -0.31665382, -0.40299341});
  expect_value(layers::dense(x({0, 3}), 2), {});
}

TEST_F(LayersTest, Convolutions) {
  expect_value(layers::conv1d(x({1, 5, 2}), 2, 3,
                              {.strides = 2,
                               .padding = "same",
                               .kernel_initializer = kernel_,
                               .bias_initializer = bias_}),
               {0.06108731, 0.19443139, 0.68738282, 0.82137966, 0.0078825951, 0.23123492});
  expect_value(layers::conv2d(x({1, 4, 4, 1}), 2, {2, 3},
                              {.strides = {2, 1},
                               .activation = tenon::tanh,
                               .kernel_initializer = kernel_,
                               .bias_initializer = bias_}),
               {0.33051214, 0.29589382, 0.34878078, 0.41932812, 0.22829184, 0.16034068, 0.33205739,
                0.29931977});
  expect_value(layers::conv2d(x({1, 2, 3, 3, 1}), 1, 2, {.kernel_initializer = kernel_}),
               {0.66864657, 0.92038965, 0.21044339, -0.41734713, 0.6792264, 0.92118102, 0.19532008,
                -0.43111178});
  expect_value(
      layers::conv2d_transpose(
          x({1, 2, 2, 2}), 1, 3,
          {.strides = 2, .kernel_initializer = kernel_, .bias_initializer = bias_}),
      {0.58568037, -0.010790661,  0.53886861, 0.28734577,  -0.6800009,  0.6043095,  -0.13829397,
       0.84153366, -0.0047006458, -0.5074842, 0.35787755,  -0.03431125, 0.32514116, -0.35633695,
       0.54682904, -0.035824284,  0.37545943, -0.83635134, 0.37109554,  0.76353276, 0.02163256,
       0.3806307,  -0.96935713,   0.65011603, 0.50458723});
  expect_value(
      layers::conv2d_transpose(x({1, 2, 2, 2}), 1, 3,
                               {.strides = 2, .padding = "same", .kernel_initializer = kernel_}),
      {0.44185269, -0.15461832, 0.39504096, 0.14351809, 0.46048185, -0.28212163, 0.69770592,
       -0.14852831, 0.21404988, -0.17813891, 0.1813135, -0.50016463, -0.17965195, 0.23163176,
       -0.98017901, 0.22726789});
  expect_value(layers::separable_conv2d(x({1, 3, 3, 2}), 2, 2,
                                        {.depth_multiplier = 2,
                                         .depthwise_initializer = kernel_,
                                         .pointwise_initializer = bias_}),
               {-0.47922021, -0.56484389, 0.39262581, -0.11026484, -0.18435244, 0.28953296,
                -0.6753549, -0.42893893});
}

TEST_F(LayersTest, Pooling) {
  expect_value(layers::max_pooling1d(x({1, 4, 2}), 2, 2),
               {0.997495, 0.80849642, 0.23924933, -0.44252044});
  expect_value(layers::average_pooling1d(x({1, 4, 2}), 3, 1, {.padding = "same"}),
               {0.54866421, 0.76292622, 0.44552591, 0.36111069, 0.10685945, -0.19764943, -0.3384583,
                -0.70072234});
  expect_value(layers::max_pooling2d(x({1, 3, 3, 1}), 2, 1),
               {0.80849642, 0.997495, 0.80849642, 0.23924933});
  expect_value(layers::average_pooling2d(x({1, 3, 3, 1}), {2, 3}, 1), {0.40331829, -0.3034251});
}

TEST_F(LayersTest, DropoutDropsInTrainingAlone) {
  const Output training = placeholder(bool_, {});
  const Output ones_in = ones({1000});
  const Output fed = layers::dropout(ones_in, {.rate = 0.5, .seed = 1, .training = training});
  expect_value(layers::dropout(x({3}), {.rate = 0.5}), numbers(wave_tensor({3}, 0.1, 0.7)));
  Session session;
  const Output sum = reduce_sum(fed);
  EXPECT_EQ(session.run(sum, {{training, Tensor(false)}}).scalar<float>(), 1000);
  const float kept = session.run(sum, {{training, Tensor(true)}}).scalar<float>();
  EXPECT_NEAR(kept, 1000, 150);
  EXPECT_NE(kept, 1000);
}

TEST_F(LayersTest, FlattenKeepsTheExamples) {
  EXPECT_EQ(layers::flatten(zeros({2, 3, 4})).shape(), (Shape{2, 12}));
  EXPECT_EQ(layers::flatten(zeros({2})).shape(), (Shape{2, 1}));
  EXPECT_EQ(layers::flatten(placeholder(float32, {-1, 3, 4})).shape(), (Shape{-1, 12}));
  const Output unknown = placeholder(float32, {2, -1, 4});
  Session session;
  EXPECT_EQ(
      session.run(layers::flatten(unknown), {{unknown, wave_tensor({2, 3, 4}, 0, 1)}}).shape(),
      (Shape{2, 12}));
}

TEST_F(LayersTest, AreNamedAsTensorFlowNamesThem) {
  layers::dense(x({2, 3}), 2);
  layers::dense(x({2, 3}), 2, {.use_bias = false});
  layers::conv2d(x({1, 3, 3, 1}), 1, 2, {.name = "c"});
  {
    auto scope = variable_scope("net");
    layers::dense(x({2, 3}), 1);
  }
  {
    auto scope = variable_scope("net", {.reuse = true});
    layers::dense(x({2, 3}), 1);
  }
  layers::separable_conv2d(x({1, 3, 3, 1}), 1, 2);
  EXPECT_THAT(
      names(),
      ElementsAre("dense/kernel:0", "dense/bias:0", "dense_1/kernel:0", "c/kernel:0", "c/bias:0",
                  "net/dense/kernel:0", "net/dense/bias:0", "separable_conv2d/depthwise_kernel:0",
                  "separable_conv2d/pointwise_kernel:0", "separable_conv2d/bias:0"));
}

TEST_F(LayersTest, ShareByReuse) {
  layers::dense(x({2, 3}), 2, {.name = "fc"});
  layers::dense(x({4, 3}), 2, {.name = "fc", .reuse = true});
  EXPECT_EQ(names().size(), 2U);
  EXPECT_ERROR(layers::dense(x({2, 3}), 2, {.name = "fc"}), ValueError, already_exists,
               "fc/kernel");
  EXPECT_ERROR(layers::dense(x({2, 4}), 2, {.name = "fc", .reuse = true}), ValueError,
               shape_mismatch, "fc/kernel");
  EXPECT_ERROR(layers::dense(x({2, 3}), 2, {.name = "other", .reuse = true}), ValueError,
               does_not_exist, "other/kernel");
}

TEST_F(LayersTest, ObjectsAreCalledAgain) {
  layers::Dense layer(2,
                      {.kernel_initializer = kernel_, .kernel_regularizer = l2_regularizer(1.0)});
  const Output first = layer(x({2, 3}));
  auto scope = variable_scope("elsewhere");
  const Output second = layer(x({2, 3}));
  EXPECT_THAT(names(), ElementsAre("dense/kernel:0", "dense/bias:0"));
  EXPECT_EQ(layer.variables().size(), 2U);
  EXPECT_EQ(losses::get_regularization_losses().size(), 1U);
  Session session;
  session.run(global_variables_initializer());
  expect_near(session.run(first), numbers(session.run(second)), 0);
}

TEST_F(LayersTest, RegularizersOfTheScopeCountBeside) {
  auto scope = variable_scope("s", {.regularizer = l2_regularizer(0.1)});
  layers::dense(x({2, 3}), 2,
                {.kernel_initializer = kernel_,
                 .kernel_regularizer = l1_regularizer(0.5),
                 .activity_regularizer = [](const Output& y) { return reduce_sum(y); },
                 .trainable = false});
  EXPECT_EQ(losses::get_regularization_losses().size(), 4U);  // kernel twice, bias, activity
  EXPECT_TRUE(trainable_variables().empty());
}

// The output in training, and the averages after one update.
struct Normalized {
  Numbers y, mean, variance;
};

class BatchNormalizationTest : public LayersTest {
 protected:
  layers::BatchNormalizationOptions options(const Input& training) const {
    return {.momentum = 0.9,
            .beta_initializer = bias_,
            .gamma_initializer = wave(1.0, 0.8, 0.6),
            .moving_mean_initializer = kernel_,
            .moving_variance_initializer = constant_initializer(0.5),
            .training = training};
  }
  static void expect_normalized(const Output& y, const Normalized& wanted,
                                const Feeds& feeds = {}) {
    const auto updates = get_collection<Operation>(GraphKeys::UPDATE_OPS);
    ASSERT_EQ(updates.size(), 2U);
    const std::vector<Variable> variables = global_variables();
    Session session;
    session.run(global_variables_initializer());
    expect_near(session.run(y, feeds), wanted.y, 3e-6);
    for (const Operation& update : updates) session.run(update, feeds);
    expect_near(session.run(variables[2]), wanted.mean, 3e-6);
    expect_near(session.run(variables[3]), wanted.variance, 3e-6);
  }
  const Normalized of_rows_ = {
      {-0.29725498, 0.66060078, 0.84810674, 0.75397205, -0.11936873, -0.527668},
      {0.2041335, 0.56825393},
      {0.46555743, 0.48242959}};
};

TEST_F(BatchNormalizationTest, NormalizesRowsAndKeepsAverages) {
  expect_normalized(layers::batch_normalization(x({3, 2}), options(true)), of_rows_);
  EXPECT_THAT(names(), ElementsAre("batch_normalization/gamma:0", "batch_normalization/beta:0",
                                   "batch_normalization/moving_mean:0",
                                   "batch_normalization/moving_variance:0"));
  EXPECT_EQ(trainable_variables().size(), 2U);
}

TEST_F(BatchNormalizationTest, OfImagesTheAverageVarianceIsUnbiased) {
  expect_normalized(layers::batch_normalization(x({2, 2, 1, 2}), options(true)),
                    {{0.13992755, 0.82631439, 0.80430657, 0.89679307, 0.24311233, -0.070616663,
                      -0.61203575, -0.46995109},
                     {0.1700912, 0.53525305},
                     {0.51191258, 0.52599192}});
}

TEST_F(BatchNormalizationTest, OfImagesThatAreNotFusedItIsBiased) {
  auto how = options(true);
  how.fused = false;
  expect_normalized(layers::batch_normalization(x({2, 2, 1, 2}), how),
                    {{0.13992757, 0.82631433, 0.80430657, 0.89679313, 0.24311233, -0.070616663,
                      -0.61203581, -0.46995112},
                     {0.17009121, 0.53525305},
                     {0.49643442, 0.50699395}});
}

// There is no fused one of float64.
TEST_F(BatchNormalizationTest, OfImagesOfFloat64ItIsBiased) {
  layers::batch_normalization(cast(x({2, 2, 1, 2}), float64), {.momentum = 0.9, .training = true});
  Session session;
  session.run(global_variables_initializer());
  session.run(group(get_collection<Operation>(GraphKeys::UPDATE_OPS)));
  const Variable variance = global_variables()[3];
  EXPECT_EQ(variance.dtype(), float64);
  expect_near(session.run(variance), {0.94643442, 0.95699395}, 3e-7);
}

TEST_F(BatchNormalizationTest, UsesTheAveragesOutsideOfTraining) {
  expect_value(layers::batch_normalization(x({2, 2}), options(false)),
               {0.088562198, 0.39972061, 0.72886318, 0.47495806});
  EXPECT_TRUE(get_collection<Operation>(GraphKeys::UPDATE_OPS).empty());
}

TEST_F(BatchNormalizationTest, ARunSaysWhetherItTrains) {
  const Output training = placeholder(bool_, {});
  const Output y = layers::batch_normalization(x({3, 2}), options(training));
  expect_normalized(y, of_rows_, {{training, Tensor(true)}});
  Session session;
  session.run(global_variables_initializer());
  const Feeds still = {{training, Tensor(false)}};
  const Numbers before = numbers(session.run(global_variables()[3]));
  for (const auto& op : get_collection<Operation>(GraphKeys::UPDATE_OPS)) session.run(op, still);
  expect_near(session.run(global_variables()[3]), before, 0);
  const Numbers all = numbers(session.run(y, still));
  expect_near(Numbers(all.begin(), all.begin() + 4),
              {0.088562198, 0.39972061, 0.72886318, 0.47495806}, 3e-6);
}

// Of inputs whose rank only the run knows, once a layer has its variables.
TEST_F(LayersTest, TakeInputsOfUnknownRankOnceTheyAreBuilt) {
  const Output unknown = placeholder(float32);
  layers::Dense dense(2, {.kernel_initializer = kernel_});
  const Output known = dense(x({2, 3})), product = dense(unknown);
  layers::BatchNormalization normalization;
  normalization(known);
  const Output normalized = normalization(unknown);
  for (const Input& training : {Input(true), Input(placeholder(bool_, {}))}) {
    EXPECT_ERROR(normalization(unknown, training), ValueError, shape_incompatible,
                 "needs inputs of a known rank where it trains: Placeholder:0 has none");
  }
  Session session;
  session.run(global_variables_initializer());
  const Feeds feeds = {{unknown, wave_tensor({2, 3}, 0.1, 0.7)}};
  EXPECT_EQ(session.run(product, feeds).to_vector<float>(), session.run(known).to_vector<float>());
  EXPECT_EQ(session.run(product, {{unknown, Tensor(float32, {2, 4, 3})}}).shape(),
            Shape({2, 4, 2}));
  EXPECT_EQ(session.run(normalized, {{unknown, Tensor(float32, {5, 2})}}).shape(), Shape({5, 2}));
}

TEST_F(LayersTest, RefuseWhatDoesntFit) {
  EXPECT_ERROR(layers::dense(zeros({2}), 2), ValueError, shape_incompatible, "expected min_ndim=2");
  EXPECT_ERROR(layers::dense(placeholder(float32, {2, -1}), 2), ValueError, shape_incompatible,
               "should be defined");
  EXPECT_ERROR(layers::dense(zeros({2, 3}, int32), 2), TypeError, dtype_incompatible, "int32");
  EXPECT_ERROR(layers::dense(zeros({2, 3}), -1), ValueError, bad_argument, "units=-1");
  EXPECT_ERROR(layers::dense(zeros({2, 3}), 2, {.name = "a b"}), ValueError, invalid_name, "a b");
  EXPECT_ERROR(layers::conv2d(zeros({2, 3, 3}), 1, 2), ValueError, shape_incompatible,
               "expected min_ndim=4");
  EXPECT_ERROR(layers::conv2d(zeros({1, 2, 2, 1}), 1, {1, 2, 3}), ValueError, bad_argument,
               "kernel_size");
  EXPECT_ERROR(layers::max_pooling2d(zeros({1, 4, 4, 1}), 2, 2, {.padding = "wide"}), ValueError,
               bad_argument, "wide");
  EXPECT_ERROR(layers::max_pooling2d(zeros({1, 2, 2, 1}), 3, 1), ValueError, shape_incompatible,
               "");
  EXPECT_TRUE(global_variables().empty());
}

}  // namespace
}  // namespace tenon::testing
