// Operations of neural networks: TensorFlow's tf.nn. tenon/ops.h says what all share.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"
#include "tenon/op_arguments.h"

namespace tenon::nn {

// Elementwise, of floating dtypes (relu and relu6 of integers too).
TENON_API Output relu(Input features, const OpOptions& options = {});  // gradient 0 at 0
TENON_API Output relu6(Input features, const OpOptions& options = {});
TENON_API Output elu(Input features, const OpOptions& options = {});
TENON_API Output selu(Input features, const OpOptions& options = {});
TENON_API Output softplus(Input features, const OpOptions& options = {});
TENON_API Output softsign(Input features, const OpOptions& options = {});
TENON_API Output tanh(Input x, const OpOptions& options = {});
TENON_API Output sigmoid(Input x, const OpOptions& options = {});
struct LeakyReluOptions {
  double alpha = 0.2;  // the slope below 0
  std::string name = {};
};
TENON_API Output leaky_relu(Input features, const LeakyReluOptions& options = {});

struct BiasAddOptions {
  std::string data_format = "NHWC";  // "NCHW": the bias belongs to axis 1
  std::string name = {};
};
// value [..., C] + bias [C].
TENON_API Output bias_add(Input value, Input bias, const BiasAddOptions& options = {});

// "SAME" (the output has input / stride positions, rounded up), "VALID" (only whole windows), or
// how many zeros to put before and after each axis: {{0, 0}, {1, 1}, {1, 1}, {0, 0}}.
class Padding {
 public:
  Padding(const char* kind) : kind_(internal::not_null(kind)) {}
  Padding(std::string kind) : kind_(std::move(kind)) {}
  Padding(std::initializer_list<std::pair<int64_t, int64_t>> sides)
      : Padding(std::vector<std::pair<int64_t, int64_t>>(sides)) {}
  Padding(const std::vector<std::pair<int64_t, int64_t>>& sides) : kind_("EXPLICIT") {
    for (const auto& [before, after] : sides) {
      explicit_.push_back(before);
      explicit_.push_back(after);
    }
  }
  const std::string& kind() const noexcept { return kind_; }
  const std::vector<int64_t>& explicit_paddings() const noexcept { return explicit_; }

 private:
  std::string kind_;
  std::vector<int64_t> explicit_;
};

struct Conv2DOptions {
  std::vector<int64_t> strides = {1, 1, 1, 1};  // one number, two (rows, columns), or four
  Padding padding = "SAME";
  std::vector<int64_t> dilations = {1, 1, 1, 1};
  std::string data_format = "NHWC";
  std::string name = {};
};
// input [N, H, W, C], filter [rows, columns, C / groups, K] -> [N, H', W', K].
TENON_API Output conv2d(Input input, Input filter, const Conv2DOptions& options = {});
// The gradients of conv2d: into its input (of that shape), and into its filter.
TENON_API Output conv2d_backprop_input(Integers input_sizes, Input filter, Input out_backprop,
                                       const Conv2DOptions& options = {});
TENON_API Output conv2d_backprop_filter(Input input, Integers filter_sizes, Input out_backprop,
                                        const Conv2DOptions& options = {});
// The transposed of a convolution (no inverse): value [N, H', W', K] by filter [rows, columns, C,
// K]
// -> output_shape [N, H, W, C], which conv2d with these options would bring to value's shape.
TENON_API Output conv2d_transpose(Input value, Input filter, Integers output_shape,
                                  const Conv2DOptions& options = {});
// Each channel by filters of its own: input [N, H, W, C], filter [rows, columns, C, M] ->
// [N, H', W', C * M], where channel c * M + m is channel c convolved by filter [:, :, c, m].
TENON_API Output depthwise_conv2d(Input input, Input filter, const Conv2DOptions& options = {});
// The same, and then a conv2d by pointwise_filter [1, 1, C * M, K] -> [N, H', W', K]. Strides and
// dilations are those of the depthwise part.
TENON_API Output separable_conv2d(Input input, Input depthwise_filter, Input pointwise_filter,
                                  const Conv2DOptions& options = {});

struct Conv1DOptions {
  int64_t stride = 1;
  Padding padding = "SAME";  // "SAME" or "VALID"
  int64_t dilation = 1;
  std::string data_format = "NWC";  // or "NCW"
  std::string name = {};
};
// input [N, W, C], filter [columns, C / groups, K] -> [N, W', K].
TENON_API Output conv1d(Input input, Input filter, const Conv1DOptions& options = {});

struct PoolOptions {
  std::vector<int64_t> ksize = {1, 2, 2, 1};  // one number, two (rows, columns), or four
  std::vector<int64_t> strides = {1, 2, 2, 1};
  Padding padding = "VALID";  // "SAME" or "VALID"
  std::string data_format = "NHWC";
  std::string name = {};
};
// value [N, H, W, C] -> [N, H', W', C]. avg_pool counts only elements inside the input.
TENON_API Output max_pool(Input value, const PoolOptions& options = {});
TENON_API Output avg_pool(Input value, const PoolOptions& options = {});
struct MaxPoolWithArgmaxOptions : PoolOptions {
  DType output_dtype = int64;           // of the places; or int32
  bool include_batch_in_index = false;  // whether places count through the whole batch
};
struct MaxPoolWithArgmax {
  Output output, argmax;
};
// max_pool, and where each of its elements stood in the image: (row * width + column) * channels +
// channel, of the first of equals.
TENON_API MaxPoolWithArgmax max_pool_with_argmax(Input value,
                                                 const MaxPoolWithArgmaxOptions& options = {});

struct LrnOptions {
  int64_t depth_radius = 5;
  double bias = 1, alpha = 1, beta = 0.5;
  std::string name = {};
};
// input [N, H, W, C] / (bias + alpha * the sum of squares of channels up to depth_radius
// away) ^ beta.
TENON_API Output local_response_normalization(Input input, const LrnOptions& options = {});

struct SoftmaxOptions {
  int64_t axis = -1;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
TENON_API Output softmax(Input logits, const SoftmaxOptions& options = {});
TENON_API Output log_softmax(Input logits, const SoftmaxOptions& options = {});

struct CrossEntropyOptions {
  std::optional<Input> labels = {};
  std::optional<Input> logits = {};
  int64_t axis = -1;  // of the classes
  std::string name = {};
};
// labels are probabilities of the logits' shape [..., classes] -> losses [...]. Gradients flow
// into both. Throws ValueError (bad_argument) unless both are given.
TENON_API Output softmax_cross_entropy_with_logits(const CrossEntropyOptions& options,
                                                   Location where = Location::current());

struct SparseCrossEntropyOptions {
  std::optional<Input> labels = {};
  std::optional<Input> logits = {};
  std::string name = {};
};
// labels [...] are class numbers (int32 or int64) for logits [..., classes] -> losses [...].
TENON_API Output sparse_softmax_cross_entropy_with_logits(const SparseCrossEntropyOptions& options,
                                                          Location where = Location::current());
// Independent classes: labels and logits of one shape -> losses of that shape.
TENON_API Output sigmoid_cross_entropy_with_logits(const SparseCrossEntropyOptions& options,
                                                   Location where = Location::current());

TENON_API Output l2_loss(Input t, const OpOptions& options = {});  // sum(t * t) / 2

struct Moments {
  Output mean, variance;
};
struct MomentsOptions {
  bool keepdims = false;
  internal::OnlyByName only_by_name = internal::OnlyByName();
  std::string name = {};
};
TENON_API Moments moments(Input x, const Axes& axes, const MomentsOptions& options = {});

struct BatchNormalizationOptions {
  std::optional<Input> offset = {};
  std::optional<Input> scale = {};
  Input variance_epsilon = 1e-3;
  std::string name = {};
};
// scale * (x - mean) / sqrt(variance + variance_epsilon) + offset; all broadcast to x.
TENON_API Output batch_normalization(Input x, Input mean, Input variance,
                                     const BatchNormalizationOptions& options = {});

struct FusedBatchNormOptions {
  std::optional<Input> mean = {};      // [C]; must be given unless is_training
  std::optional<Input> variance = {};  // [C]
  double epsilon = 0.001;              // no smaller than 1.001e-5
  std::string data_format = "NHWC";    // or "NCHW"
  bool is_training = true;             // normalize by the batch's own mean and variance
  // How much of the batch's goes into the mean and variance returned; the rest is of those given.
  double exponential_avg_factor = 1;
  std::string name = {};
};
struct FusedBatchNorm {
  Output y, mean, variance;
};
// Batch normalization of images x [N, H, W, C] by scale and offset [C]. In training mean and
// variance are the batch's (the variance unbiased: n / (n - 1)), else those given. No gradient
// flows through them. Of float16 and bfloat16 scale, offset, mean and variance are float32.
TENON_API FusedBatchNorm fused_batch_norm(Input x, Input scale, Input offset,
                                          const FusedBatchNormOptions& options = {});
struct GlobalNormalizationOptions {
  Input variance_epsilon = 1e-3;
  bool scale_after_normalization = true;  // whether gamma is used
  std::string name = {};
};
TENON_API Output
batch_norm_with_global_normalization(Input t, Input mean, Input variance, Input beta, Input gamma,
                                     const GlobalNormalizationOptions& options = {});

// Mean and variance where each element counts as often as its weight, which broadcasts to x.
TENON_API Moments weighted_moments(Input x, const Axes& axes, Input frequency_weights,
                                   const MomentsOptions& options = {});
struct SufficientStatistics {
  Output count, sum, sum_of_squares;
  Output shift;  // empty where none was given
};
struct SufficientStatisticsOptions {
  std::optional<Input> shift = {};  // subtracted from x before, for numbers far from 0
  bool keepdims = false;
  std::string name = {};
};
TENON_API SufficientStatistics
sufficient_statistics(Input x, const Axes& axes, const SufficientStatisticsOptions& options = {});
// The moments of what these statistics are of.
TENON_API Moments normalize_moments(Input counts, Input mean_ss, Input variance_ss,
                                    std::optional<Input> shift = {}, const OpOptions& options = {});

struct L2NormalizeOptions {
  internal::OnlyByName only_by_name = internal::OnlyByName();
  Axes axis = {};  // left out: all of them
  double epsilon = 1e-12;
  std::string name = {};
};
// x / sqrt(max(sum(x * x), epsilon)).
TENON_API Output l2_normalize(Input x, const L2NormalizeOptions& options = {});
template <internal::AxesArgument T>
Output l2_normalize(Input x, const T& axis, L2NormalizeOptions options = {}) {
  options.axis = axis;
  return l2_normalize(std::move(x), options);
}

// matmul(x, weights) + biases.
TENON_API Output xw_plus_b(Input x, Input weights, Input biases, const OpOptions& options = {});

struct TopKOptions {
  Input k = 1;
  bool sorted = true;  // the order is the same either way
  std::string name = {};
};
struct TopK {
  Output values, indices;
};
// The k largest elements of each row, the largest first and the first of equals before the others:
// input [..., N] -> values [..., k], indices [..., k] of int32. NaN counts as the smallest. Throws
// ValueError (shape_incompatible) where k is more than N or negative.
TENON_API TopK top_k(Input input, const TopKOptions& options = {});
// Whether fewer than k predictions [N, classes] of a row are larger than that of its target [N]:
// bool [N]. False where a prediction isn't finite or a target no class.
TENON_API Output in_top_k(Input predictions, Input targets, Input k, const OpOptions& options = {});

struct DropoutOptions {
  double rate = 0;  // in [0, 1): how many elements become 0; the others grow by 1 / (1 - rate)
  // Where it is 1, the same numbers are kept along that axis; -1: x's size. Left out: x's shape.
  std::vector<int64_t> noise_shape = {};
  std::optional<int64_t> seed = {};
  std::string name = {};
};
// Throws ValueError (bad_argument) for a rate outside [0, 1) or a dtype that isn't floating.
TENON_API Output dropout(Input x, const DropoutOptions& options = {});

struct EmbeddingLookupOptions {
  std::string partition_strategy = "mod";  // or "div"
  std::optional<Input> max_norm = {};      // rows of a larger 2-norm are scaled down to it
  std::string name = {};
};
// Rows `ids` of params. Of several params (parts of one table) "mod" finds id in part id mod n,
// "div" gives each part consecutive ids. A partitioned variable is its parts(): of one that is cut
// along its rows "div" finds row `id` of the whole, "mod", as TensorFlow's, another one. Throws
// ValueError (bad_argument) for another strategy, (no_shape) where "div" doesn't know a part's
// number of rows. An id out of range fails when it is run (InvalidArgumentError,
// index_out_of_range).
TENON_API Output embedding_lookup(Input params, Input ids,
                                  const EmbeddingLookupOptions& options = {});
TENON_API Output embedding_lookup(const Inputs& params, Input ids,
                                  const EmbeddingLookupOptions& options = {});

}  // namespace tenon::nn
