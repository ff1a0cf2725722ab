// Connectionist temporal classification (Graves 2006): CTCLoss, with its gradient as its second
// output, and the decoders. `inputs` [time, batch, classes] are logits, whose last class is blank.
//   CTCGreedyDecoder, CTCBeamSearchDecoder -> the labels of each, as sparse tensors, and how likely
//   they are [batch, paths]
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/host_call.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/ops/ctc_beams.h"
#include "core/ops/ctc_paths.h"
#include "core/ops/gradient_rules.h"
#include "core/ops/host_op.h"
#include "core/tensor/buffer.h"

namespace tenon::internal {
namespace {

Shape ctc_inputs_shape(const ShapeContext& context, int lengths) {
  const Shape inputs = with_rank(context.inputs[0], 3, "inputs");
  const Shape length =
      with_rank(context.inputs[static_cast<size_t>(lengths)], 1, "sequence_length");
  merge_sizes(inputs[1], length[0], "inputs and sequence_length", inputs, length);
  return inputs;
}

Shapes ctc_loss_shape(const ShapeContext& context) {
  const Shape inputs = ctc_inputs_shape(context, 3);
  const Shape places = with_rank(context.inputs[1], 2, "labels_indices");
  const Shape labels = with_rank(context.inputs[2], 1, "labels_values");
  merge_sizes(places[0], labels[0], "labels_indices and labels_values", places, labels);
  return {Shape{inputs[1]}, inputs};
}

Shapes ctc_decoder_shape(const ShapeContext& context) {
  const Shape inputs = ctc_inputs_shape(context, 1);
  const auto paths = context.attrs.get_or<int64_t>("top_paths", 1);
  require<ValueError>(paths >= 1, ErrorKind::bad_argument, "top_paths must be at least 1, not ",
                      paths);
  Shapes shapes;
  for (int64_t i = 0; i < paths; ++i) shapes.push_back(Shape{kUnknown, 2});
  for (int64_t i = 0; i < paths; ++i) shapes.push_back(Shape{kUnknown});
  for (int64_t i = 0; i < paths; ++i) shapes.push_back(Shape{2});
  shapes.push_back(Shape{inputs[1], paths});
  return shapes;
}

// What all take.
struct CtcInputs {
  Tensor logits;
  std::vector<int64_t> lengths;
  int64_t times, batch, classes;

  CtcInputs(const HostCall& call, size_t lengths_input)
      : logits(call.input(0)), lengths(call.integers(lengths_input)) {
    const Shape& shape = logits.shape();
    require(shape.rank() == 3 && shape.element_count() > 0, ErrorKind::shape_incompatible,
            "inputs must have rank 3 and elements, but have shape ", shape);
    times = shape[0];
    batch = shape[1];
    classes = shape[2];
    require(static_cast<int64_t>(lengths.size()) == batch, ErrorKind::shape_incompatible,
            "len(sequence_length) != batch_size.  len(sequence_length):  ", lengths.size(),
            " batch_size: ", batch);
    for (size_t i = 0; i < lengths.size(); ++i) {
      require(lengths[i] >= 0 && lengths[i] <= times, ErrorKind::bad_argument, "sequence_length(",
              i, ") is ", lengths[i], ", but must be from 0 to ", times);
    }
  }
  // The logits of a time, of one sequence.
  template <typename T>
  const T* at(int64_t time, int64_t sequence) const {
    return static_cast<const T*>(logits.raw()) + (time * batch + sequence) * classes;
  }
};

using Labels = std::vector<int64_t>;

// The labels of each sequence out of a sparse tensor, whose places must be in order.
std::vector<Labels> labels_of(const HostCall& call, int64_t batch) {
  const std::vector<int64_t> places = call.integers(1), values = call.integers(2);
  require(places.size() == 2 * values.size(), ErrorKind::shape_incompatible,
          "labels_indices and labels_values must contain the same number of rows, but saw ",
          places.size() / 2, " and ", values.size());
  std::vector<Labels> labels(static_cast<size_t>(batch));
  for (size_t i = 0; i < values.size(); ++i) {
    const int64_t sequence = places[2 * i], place = places[2 * i + 1];
    const auto refuse_unless = [&](bool holds, const char* why) {
      require(holds, ErrorKind::bad_argument, "label SparseTensor is not valid: indices[", i,
              "] = [", sequence, ',', place, "] is ", why);
    };
    refuse_unless(sequence >= 0 && sequence < batch && place >= 0, "out of bounds");
    if (i > 0) {
      const std::pair before(places[2 * i - 2], places[2 * i - 1]), here(sequence, place);
      refuse_unless(here != before, "repeated");
      refuse_unless(here > before, "out of order");
    }
    labels[static_cast<size_t>(sequence)].push_back(values[i]);
  }
  return labels;
}

struct CtcLossOptions {
  bool collapses, merges, ignores_longer;
};

// Labels without those that mean nothing: the blanks at the end, and repeated ones, if asked.
Labels labels_to_find(const Labels& labels, int64_t sequence, int64_t classes, bool collapses) {
  require(!labels.empty(), ErrorKind::bad_argument, "Labels length is zero in batch ", sequence);
  Labels wanted;
  bool has_ended = false;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i > 0 && collapses && labels[i] == labels[i - 1]) continue;
    require(labels[i] >= 0, ErrorKind::bad_argument,
            "All labels must be nonnegative integers, batch: ", sequence, " label: ", labels[i]);
    if (labels[i] >= classes - 1) {
      has_ended = true;
      continue;
    }
    require(!has_ended, ErrorKind::bad_argument,
            "Saw a non-null label (index >= num_classes - 1) following a null label, batch: ",
            sequence, " num_classes: ", classes, " label: ", labels[i]);
    wanted.push_back(labels[i]);
  }
  return wanted;
}

template <typename T>
std::vector<Tensor> losses_of(HostCall& call) {
  const CtcInputs inputs(call, 3);
  const std::vector<Labels> labels = labels_of(call, inputs.batch);
  const CtcLossOptions options = {call.attr<bool>("preprocess_collapse_repeated"),
                                  call.attr<bool>("ctc_merge_repeated"),
                                  call.attr<bool>("ignore_longer_outputs_than_inputs")};
  Tensor loss = Tensor::zeros({inputs.batch}, inputs.logits.dtype());
  Tensor gradient = Tensor::zeros(inputs.logits.shape(), inputs.logits.dtype());
  for (int64_t i = 0; i < inputs.batch; ++i) {
    const auto at = static_cast<size_t>(i);
    const int64_t times = inputs.lengths[at];
    const auto needed = static_cast<int64_t>(labels[at].size());
    const Labels wanted = labels_to_find(labels[at], i, inputs.classes, options.collapses);
    require(needed <= times || options.ignores_longer, ErrorKind::bad_argument,
            "Not enough time for target transition sequence (required: ", needed,
            ", available: ", times, ")", i,
            "You can turn this error into a warning by using the flag "
            "ignore_longer_outputs_than_inputs");
    if (times == 0 || needed > times) continue;
    CtcPaths paths(times, inputs.classes, wanted, options.merges);
    for (int64_t t = 0; t < times; ++t) paths.set_logits(t, inputs.at<T>(t, i));
    static_cast<T*>(loss.raw())[i] = static_cast<T>(paths.find());
    for (int64_t t = 0; t < times; ++t) {
      paths.add_gradient(t,
                         static_cast<T*>(gradient.raw()) + (t * inputs.batch + i) * inputs.classes);
    }
  }
  return {loss, gradient};
}

// Labels of each sequence, as a sparse tensor.
struct Decoded {
  std::vector<int64_t> places = {}, labels = {};
  int64_t longest = 0;

  void add(int64_t sequence, const std::vector<int32_t>& found) {
    for (size_t i = 0; i < found.size(); ++i) {
      places.push_back(sequence);
      places.push_back(static_cast<int64_t>(i));
      labels.push_back(found[i]);
    }
    longest = std::max(longest, static_cast<int64_t>(found.size()));
  }
};

std::vector<Tensor> outputs_for(const std::vector<Decoded>& paths, int64_t batch,
                                Tensor likelihood) {
  std::vector<Tensor> outputs;
  const auto count = [](const Decoded& path) { return static_cast<int64_t>(path.labels.size()); };
  for (const Decoded& path : paths) {
    outputs.push_back(Tensor::from<int64_t>(path.places, {count(path), 2}));
  }
  for (const Decoded& path : paths) {
    outputs.push_back(Tensor::from<int64_t>(path.labels, {count(path)}));
  }
  for (const Decoded& path : paths) outputs.push_back(Tensor({batch, path.longest}));
  outputs.push_back(std::move(likelihood));
  return outputs;
}

template <typename T>
std::vector<Tensor> decode_greedily(HostCall& call) {
  const CtcInputs inputs(call, 1);
  const bool merges = call.attr<bool>("merge_repeated");
  const auto given = call.attr<int64_t>("blank_index");
  const int64_t blank = given < 0 ? inputs.classes + given : given;
  require(blank >= 0 && blank < inputs.classes, ErrorKind::bad_argument,
          "blank_index expected to be between ", -inputs.classes, " and ", inputs.classes - 1,
          " but was ", given);
  std::vector<Decoded> decoded(1);
  Tensor likelihood = Tensor::zeros({inputs.batch, 1}, inputs.logits.dtype());
  for (int64_t i = 0; i < inputs.batch; ++i) {
    std::vector<int32_t> found;
    int64_t before = -1;
    for (int64_t t = 0; t < inputs.lengths[static_cast<size_t>(i)]; ++t) {
      const T* logits = inputs.at<T>(t, i);
      const T* best = std::max_element(logits, logits + inputs.classes);
      static_cast<T*>(likelihood.raw())[i] -= *best;
      const int64_t label = best - logits;
      if (label != blank && !(merges && label == before)) {
        found.push_back(static_cast<int32_t>(label));
      }
      before = label;
    }
    decoded[0].add(i, found);
  }
  return outputs_for(decoded, inputs.batch, std::move(likelihood));
}

template <typename T>
std::vector<Tensor> decode_by_beams(HostCall& call) {
  const CtcInputs inputs(call, 1);
  const auto width = call.attr<int64_t>("beam_width"), paths = call.attr<int64_t>("top_paths");
  require(paths <= width, ErrorKind::bad_argument, "requested more paths than the beam width.");
  std::vector<Decoded> decoded(static_cast<size_t>(paths));
  Tensor likelihood = Tensor::zeros({inputs.batch, paths}, inputs.logits.dtype());
  for (int64_t i = 0; i < inputs.batch; ++i) {
    CtcBeams<T> beams(static_cast<int32_t>(inputs.classes), static_cast<size_t>(width));
    for (int64_t t = 0; t < inputs.lengths[static_cast<size_t>(i)]; ++t) {
      beams.step(inputs.at<T>(t, i));
    }
    const auto best = beams.best(call.attr<bool>("merge_repeated"));
    require(static_cast<int64_t>(best.size()) >= paths, ErrorKind::bad_argument,
            "Less leaves in the beam search than requested.");
    for (int64_t p = 0; p < paths; ++p) {
      const auto& [labels, total] = best[static_cast<size_t>(p)];
      decoded[static_cast<size_t>(p)].add(i, labels);
      static_cast<T*>(likelihood.raw())[i * paths + p] = total;
    }
  }
  return outputs_for(decoded, inputs.batch, std::move(likelihood));
}

// The function for the logits' dtype.
template <HostFunction kSingle, HostFunction kDouble>
std::vector<Tensor> of_logits(HostCall& call) {
  return call.attr<DType>("T") == DType::float64 ? kDouble(call) : kSingle(call);
}

Outputs ctc_loss_gradient(const Operation& op, const Outputs& dy) {
  require<UnimplementedError>(!dy[1], ErrorKind::no_gradient,
                              "There is no way to take the second derivative of ctc_loss: '",
                              op.name(), '\'');
  return {expand_dims(dy[0], -1) * op.output(1), Output(), Output(), Output()};
}

}  // namespace

void register_nn_ctc(OpRegistry& ops) {
  const std::vector<std::string> logits = {"inputs: T", "sequence_length: int32"};
  const std::vector<DType> floats = {float32, DType::float64};
  ops.add(host_op({.name = "CTCLoss",
                   .inputs = {"inputs: T", "labels_indices: int64", "labels_values: int32",
                              "sequence_length: int32"},
                   .outputs = {"loss: T", "gradient: T"},
                   .defaults = {{"preprocess_collapse_repeated", false},
                                {"ctc_merge_repeated", true},
                                {"ignore_longer_outputs_than_inputs", false},
                                {"T", float32}},
                   .types = {{"T", floats}},
                   .shape = ctc_loss_shape,
                   .gradient = ctc_loss_gradient,
                   .host = of_logits<losses_of<float>, losses_of<double>>}));
  ops.add(host_op(
      {.name = "CTCGreedyDecoder",
       .inputs = logits,
       .outputs = {"decoded_indices: int64", "decoded_values: int64", "decoded_shape: int64",
                   "log_probability: T"},
       .defaults = {{"merge_repeated", false}, {"blank_index", int64_t{-1}}, {"T", float32}},
       .types = {{"T", floats}},
       .shape = ctc_decoder_shape,
       .host = of_logits<decode_greedily<float>, decode_greedily<double>>}));
  ops.add(host_op(
      {.name = "CTCBeamSearchDecoder",
       .inputs = logits,
       .outputs = {"decoded_indices: top_paths * int64", "decoded_values: top_paths * int64",
                   "decoded_shape: top_paths * int64", "log_probability: T"},
       .defaults = {{"merge_repeated", true}, {"T", float32}},
       .types = {{"T", floats}},
       .shape = ctc_decoder_shape,
       .host = of_logits<decode_by_beams<float>, decode_by_beams<double>>}));
}

}  // namespace tenon::internal
