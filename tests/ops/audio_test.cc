// Sounds. Values are TensorFlow 2.21's.
#include "tenon/audio_ops.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using ::testing::ElementsAre;

std::string bytes_of(uint32_t number, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xFF);
  return bytes;
}

// A file of two channels, with a chunk that nobody knows before its data.
std::string wav(const std::vector<int16_t>& samples, uint32_t bits = 16) {
  std::string data;
  for (const int16_t sample : samples) data += bytes_of(static_cast<uint16_t>(sample), 2);
  const std::string format = bytes_of(1, 2) + bytes_of(2, 2) + bytes_of(8000, 4) +
                             bytes_of(32000, 4) + bytes_of(4, 2) + bytes_of(bits, 2);
  const std::string rest = "WAVEfmt " + bytes_of(16, 4) + format + "LIST" + bytes_of(2, 4) + "xx" +
                           "data" + bytes_of(static_cast<uint32_t>(data.size()), 4) + data;
  return "RIFF" + bytes_of(static_cast<uint32_t>(rest.size()), 4) + rest;
}

class AudioTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};

  static Tensor wave(int64_t samples, int64_t channels, const std::vector<double>& of) {
    std::vector<float> values;
    for (int64_t i = 0; i < samples * channels; ++i) {
      const auto at = static_cast<double>(i);
      values.push_back(static_cast<float>(std::sin(at * of[0]) + of[1] * std::cos(at * of[2])));
    }
    return Tensor::from<float>(values, {samples, channels});
  }
};

TEST_F(AudioTest, DecodesAWavFile) {
  const Output contents = placeholder(string, {});
  const audio::Wav sound = audio::decode_wav(contents);
  const Feeds feeds = {{contents, Tensor(wav({1, -2, 16384, -32768}))}};
  const Tensor samples = run(sound.audio, feeds);
  EXPECT_EQ(samples.shape(), Shape({2, 2}));
  EXPECT_THAT(samples.to_vector<float>(), ElementsAre(1.0f / 32768, -2.0f / 32768, 0.5f, -1));
  EXPECT_EQ(run(sound.sample_rate, feeds).scalar<int32_t>(), 8000);
}

TEST_F(AudioTest, DecodesAsMuchAsIsWanted) {
  const Output contents = constant(Tensor(wav({1, -2, 16384, -32768})));
  const Output wide =
      audio::decode_wav(contents, {.desired_channels = 3, .desired_samples = 1}).audio;
  EXPECT_EQ(wide.shape(), Shape({1, 3}));
  EXPECT_THAT(run(wide).to_vector<float>(),
              ElementsAre(1.0f / 32768, -2.0f / 32768, -2.0f / 32768));
  const Output narrow = audio::decode_wav(contents, {.desired_channels = 1}).audio;
  EXPECT_THAT(run(narrow).to_vector<float>(), ElementsAre(1.0f / 32768, 0.5f));
  const Output many =
      audio::decode_wav(contents, {.desired_channels = 1, .desired_samples = 4}).audio;
  EXPECT_THAT(run(many).to_vector<float>(), ElementsAre(1.0f / 32768, 0.5f, 0, 0));
}

TEST_F(AudioTest, RefusesOtherFiles) {
  const Output contents = placeholder(string, {});
  const Output sound = audio::decode_wav(contents).audio;
  const auto refuses = [&](const std::string& bytes, const char* message) {
    EXPECT_ERROR(run(sound, {{contents, Tensor(bytes)}}), InvalidArgumentError, bad_argument,
                 message);
  };
  refuses("", "no WAV file: 'RIFF' isn't where it should be");
  refuses(wav({1, 2}, 8), "Only WAV files of 16 bits a sample can be decoded");
  refuses(wav({1, 2}).substr(0, 30), "The WAV file is cut off");
  refuses(wav({1, 2}).substr(0, 46), "The WAV file has no data");
}

TEST_F(AudioTest, SpectrogramsSayHowLoudFrequenciesAre) {
  const Output sound = constant(wave(10, 2, {1.3, 0.3, 2.1}));
  const Output loud = audio::spectrogram(sound, {.window_size = 5, .stride = 2});
  EXPECT_EQ(loud.shape(), Shape({2, 3, 5}));
  expect_near(run(loud),
              {0.02791944f, 0.4071294f,  1.209942f,   2.148262f,   2.575435f,   0.05314732f,
               0.3931662f,  1.037407f,   1.38619f,    1.413135f,   0.05391886f, 0.2734846f,
               0.759874f,   1.109069f,   1.20496f,    0.08435041f, 0.08126893f, 0.3576837f,
               0.360977f,   0.1040567f,  0.02910715f, 0.209526f,   0.7177231f,  1.338025f,
               1.623984f,   0.03943035f, 0.3552759f,  1.051721f,   1.835893f,   2.186243f},
              1e-5);
  const Output squared =
      audio::spectrogram(sound, {.window_size = 6, .stride = 3, .magnitude_squared = true});
  expect_near(run(squared), {0.002451428f,  0.05530059f, 1.307878f,  5.582723f, 8.752101f,
                             1.614062e-05f, 0.03247356f, 0.7623298f, 1.349427f, 0.5086803f,
                             0.0002921556f, 0.0029874f,  0.1627198f, 0.486471f, 0.3223592f,
                             0.002173257f,  0.03455885f, 0.8547806f, 4.12066f,  6.706544f},
              2e-5);
}

TEST_F(AudioTest, SoundsThatAreTooShortHaveNoFrames) {
  const Output sound = placeholder(float32, {-1, 1});
  const Output loud = audio::spectrogram(sound, {.window_size = 5, .stride = 2});
  EXPECT_EQ(loud.shape(), Shape({1, -1, 5}));
  EXPECT_EQ(run(loud, {{sound, Tensor(float32, {4, 1})}}).shape(), Shape({1, 0, 5}));
  EXPECT_ERROR(audio::spectrogram(sound, {.window_size = 1, .stride = 1}), ValueError, bad_argument,
               "window_size must be at least 2 and stride 1, but are 1 and 1");
}

TEST_F(AudioTest, CepstralCoefficients) {
  const Output squared =
      audio::spectrogram(constant(wave(64, 1, {0.7, 0.2, 1.9})),
                         {.window_size = 32, .stride = 16, .magnitude_squared = true});
  const Output found = audio::mfcc(squared, 8000,
                                   {.upper_frequency_limit = 3500,
                                    .lower_frequency_limit = 100,
                                    .filterbank_channel_count = 6,
                                    .dct_coefficient_count = 4});
  expect_near(run(found),
              {2.728649f, -0.1552296f, -1.593494f, -1.704218f, 2.689249f, -0.2096833f, -1.638299f,
               -1.729635f, 2.723497f, -0.1793219f, -1.610417f, -1.706522f},
              1e-5);
  EXPECT_ERROR(audio::mfcc(squared, 8000, {.filterbank_channel_count = 3}), ValueError,
               bad_argument, "dct_coefficient_count must be from 1 to filterbank_channel_count, 3");
  const auto refuses = [&](double lower, double upper, const char* message) {
    EXPECT_ERROR(audio::mfcc(squared, 8000,
                             {.upper_frequency_limit = upper, .lower_frequency_limit = lower}),
                 ValueError, bad_argument, message);
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  refuses(-1, 4000, "Lower frequency limit must be nonnegative, not -1");
  refuses(std::nan(""), 4000, "Lower frequency limit must be nonnegative");
  refuses(100, 100, "Upper frequency limit must be finite and greater than lower frequency limit");
  refuses(100, kInfinity, "Upper frequency limit must be finite");
  refuses(100, std::nan(""), "Upper frequency limit must be finite");
  EXPECT_ERROR(run(audio::mfcc(squared, 0)), InvalidArgumentError, bad_argument,
               "Mfcc needs a positive sample_rate");
}

// Limits that no frequency is between, or that are beyond any, leave every band silent.
TEST_F(AudioTest, CepstralCoefficientsOfSilentBands) {
  const Output squared = constant(Tensor::ones({1, 1, 9}));
  const auto of_band = [&](double lower, double upper) {
    return run(audio::mfcc(squared, 8000,
                           {.upper_frequency_limit = upper,
                            .lower_frequency_limit = lower,
                            .filterbank_channel_count = 1,
                            .dct_coefficient_count = 1}))
        .scalar<float>();
  };
  const double silent = std::sqrt(2.0) * std::log(1e-12);
  EXPECT_NEAR(of_band(1e300, 1e301), silent, 1e-4);
  EXPECT_NEAR(of_band(100, std::nextafter(100.0, 200.0)), silent, 1e-4);
  EXPECT_NEAR(of_band(100, 200), silent, 1e-4);
}

}  // namespace
}  // namespace tenon::testing
