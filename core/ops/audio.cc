// Sounds: DecodeWav, AudioSpectrogram and Mfcc.
//   AudioSpectrogram: input [samples, channels] -> [channels, frames, frequencies]
//   Mfcc: spectrogram [channels, frames, frequencies], sample_rate -> [channels, frames,
//   dct_coefficient_count]

#include "tenon/audio_ops.h"

#include <bit>
#include <cmath>

#include "core/base/check.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "core/ops/array_rules.h"
#include "core/ops/op_scope.h"

namespace tenon {
namespace internal {
namespace {

Shapes wav_sizes_shape(const ShapeContext& context) {
  with_rank(context.inputs[0], 0, "contents");
  return {Shape{2}};
}

// Of sizes [samples, channels], where they are known.
Shapes wav_shape(const ShapeContext& context) {
  with_rank(context.inputs[0], 0, "contents");
  return {with_rank(context.value_as_shape(1), 2, "sizes"), Shape()};
}

Shapes spectrogram_shape(const ShapeContext& context) {
  const Shape input = with_rank(context.inputs[0], 2, "input");
  const auto window = context.attrs.get<int64_t>("window_size"),
             stride = context.attrs.get<int64_t>("stride");
  require<ValueError>(window >= 2 && window <= int64_t{1} << 30 && stride >= 1,
                      ErrorKind::bad_argument, "window_size must be at least 2 and stride 1, but ",
                      "are ", window, " and ", stride);
  int64_t frames = input[0];
  if (frames >= 0) frames = frames < window ? 0 : 1 + (frames - window) / stride;
  const auto points = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(window)));
  return {Shape{input[1], frames, 1 + points / 2}};
}

Shapes mfcc_shape(const ShapeContext& context) {
  Shape spectrogram = with_rank(context.inputs[0], 3, "spectrogram");
  with_rank(context.inputs[1], 0, "sample_rate");
  const auto count = context.attrs.get<int64_t>("dct_coefficient_count");
  const auto bands = context.attrs.get<int64_t>("filterbank_channel_count");
  require<ValueError>(count >= 1 && bands >= count, ErrorKind::bad_argument,
                      "dct_coefficient_count must be from 1 to filterbank_channel_count, ", bands,
                      ", but is ", count);
  constexpr int64_t kMostBands = int64_t{1} << 16;
  require<ValueError>(bands <= kMostBands, ErrorKind::bad_argument,
                      "filterbank_channel_count must be at most ", kMostBands, ", but is ", bands);
  const auto lower = context.attrs.get<double>("lower_frequency_limit"),
             upper = context.attrs.get<double>("upper_frequency_limit");
  require<ValueError>(lower >= 0, ErrorKind::bad_argument,
                      "Lower frequency limit must be nonnegative, not ", lower);
  require<ValueError>(upper > lower && std::isfinite(upper), ErrorKind::bad_argument,
                      "Upper frequency limit must be finite and greater than lower frequency ",
                      "limit, but they are ", upper, " and ", lower);
  spectrogram[2] = count;
  return {spectrogram};
}

}  // namespace

void register_audio(OpRegistry& ops) {
  ops.add({.name = "_WavSizes",
           .inputs = {"contents: string"},
           .outputs = {"sizes: int64"},
           .shape = wav_sizes_shape,
           .differentiable = false});
  ops.add({.name = "_DecodeWav",
           .inputs = {"contents: string", "sizes: int64"},
           .outputs = {"audio: float32", "sample_rate: int32"},
           .shape = wav_shape,
           .differentiable = false,
           .needs_value = {1}});
  ops.add({.name = "AudioSpectrogram",
           .inputs = {"input: float32"},
           .outputs = {"spectrogram: float32"},
           .defaults = {{"window_size", int64_t{0}},
                        {"stride", int64_t{0}},
                        {"magnitude_squared", false}},
           .shape = spectrogram_shape,
           .differentiable = false});
  ops.add({.name = "Mfcc",
           .inputs = {"spectrogram: float32", "sample_rate: int32"},
           .outputs = {"output: float32"},
           .defaults = {{"upper_frequency_limit", 4000.0},
                        {"lower_frequency_limit", 20.0},
                        {"filterbank_channel_count", int64_t{40}},
                        {"dct_coefficient_count", int64_t{13}}},
           .shape = mfcc_shape,
           .differentiable = false});
}

}  // namespace internal

using internal::OpScope;

audio::Wav audio::decode_wav(Input contents, const DecodeWavOptions& options) {
  const OpScope scope(options.name, "DecodeWav", {contents});
  const auto given = [](int64_t wanted) { return wanted >= 0; };
  Input sizes = Tensor({options.desired_samples, options.desired_channels});
  if (!given(options.desired_samples) || !given(options.desired_channels)) {
    const Output of_file = internal::add_output("_WavSizes", {contents});
    const auto size = [&](int64_t wanted, int64_t index) {
      return given(wanted) ? Input(wanted) : Input(Output(of_file[index]));
    };
    sizes = stack({size(options.desired_samples, 0), size(options.desired_channels, 1)});
  }
  const Operation op =
      internal::add_operation("_DecodeWav", {contents, sizes}, {.name = scope.name()});
  return {op.output(0), op.output(1)};
}

Output audio::spectrogram(Input input, const SpectrogramOptions& options) {
  return internal::add_output("AudioSpectrogram", {input},
                              {.name = options.name,
                               .attrs = {{"window_size", options.window_size},
                                         {"stride", options.stride},
                                         {"magnitude_squared", options.magnitude_squared}}});
}

Output audio::mfcc(Input spectrogram, Input sample_rate, const MfccOptions& options) {
  return internal::add_output(
      "Mfcc", {spectrogram, sample_rate},
      {.name = options.name,
       .attrs = {{"upper_frequency_limit", options.upper_frequency_limit},
                 {"lower_frequency_limit", options.lower_frequency_limit},
                 {"filterbank_channel_count", options.filterbank_channel_count},
                 {"dct_coefficient_count", options.dct_coefficient_count}}});
}

}  // namespace tenon
