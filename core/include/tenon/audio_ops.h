// Sounds, and what recognises speech in them: TensorFlow's audio_ops. They run on the CPU.
#pragma once

#include <cstdint>
#include <string>

#include "tenon/export.h"
#include "tenon/graph.h"

namespace tenon::audio {

struct Wav {
  Output audio;        // [samples, channels] of float32, from -1 to 1
  Output sample_rate;  // a scalar of int32: samples a second
};
struct DecodeWavOptions {
  int64_t desired_channels = -1;  // further ones repeat the file's last; -1: as the file has
  int64_t desired_samples = -1;   // cut off, or followed by zeros; -1: likewise
  std::string name = {};
};
// A WAV file of 16 bits a sample, whose bytes `contents` is, a scalar of strings. A run throws
// InvalidArgumentError (bad_argument) for other files.
TENON_API Wav decode_wav(Input contents, const DecodeWavOptions& options = {});

struct SpectrogramOptions {
  int64_t window_size = 0;  // samples that are looked at together, at least 2
  int64_t stride = 0;       // from one window to the next, at least 1
  bool magnitude_squared = false;
  std::string name = {};
};
// How loud each frequency is: input [samples, channels] of float32 -> [channels, frames,
// frequencies]. Windows are Hann's, and padded to a power of two. Throws ValueError (bad_argument)
// for other sizes.
TENON_API Output spectrogram(Input input, const SpectrogramOptions& options);

struct MfccOptions {
  double upper_frequency_limit = 4000, lower_frequency_limit = 20;
  int64_t filterbank_channel_count = 40, dct_coefficient_count = 13;
  std::string name = {};
};
// Mel-frequency cepstral coefficients of a spectrogram with squared magnitudes, whose sound has
// sample_rate (a scalar of int32) -> [channels, frames, dct_coefficient_count]. Throws ValueError
// (bad_argument) for more coefficients than channels.
TENON_API Output mfcc(Input spectrogram, Input sample_rate, const MfccOptions& options = {});

}  // namespace tenon::audio
