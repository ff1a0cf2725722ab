// _WavSizes, _DecodeWav, AudioSpectrogram and Mfcc, which compute in 64 bits.
#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>
#include <numbers>
#include <vector>

#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/wav.h"

namespace tenon::cpu {
namespace {

using Complex = std::complex<double>;

Kernel prepare_wav_sizes(const KernelRequest&) {
  return {.launch = [](const Launch& args) {
    const WavFile file(*args.input<std::string>(0));
    args.output<int64_t>(0)[0] = file.samples;
    args.output<int64_t>(0)[1] = file.channels;
  }};
}

Kernel prepare_decode_wav(const KernelRequest& request) {
  const int64_t samples = request.output_shape(0)[0], channels = request.output_shape(0)[1];
  return {.launch = [=](const Launch& args) {
    const WavFile file(*args.input<std::string>(0));
    float* to = args.output<float>(0);
    for (int64_t i = 0; i < samples; ++i) {
      for (int64_t c = 0; c < channels; ++c) *to++ = file.value(i, c);
    }
    *args.output<int32_t>(1) = file.sample_rate;
  }};
}

// The discrete Fourier transform of a power of two of numbers, in place.
class FourierTransform {
 public:
  explicit FourierTransform(size_t points) : order_(points), turns_(points / 2) {
    for (size_t i = 0; i < points; ++i) {
      order_[i] = order_[i / 2] / 2 + (i % 2 == 1 ? points / 2 : 0);
    }
    for (size_t i = 0; i < turns_.size(); ++i) {
      const double angle = -2 * std::numbers::pi * static_cast<double>(i);
      turns_[i] = std::polar(1.0, angle / static_cast<double>(points));
    }
  }

  size_t points() const { return order_.size(); }

  void apply(std::vector<Complex>& values) const {
    for (size_t i = 0; i < values.size(); ++i) {
      if (i < order_[i]) std::swap(values[i], values[order_[i]]);
    }
    for (size_t half = 1; half < values.size(); half *= 2) {
      const size_t step = turns_.size() / half;
      for (size_t begin = 0; begin < values.size(); begin += 2 * half) {
        for (size_t i = 0; i < half; ++i) {
          Complex &low = values[begin + i], &high = values[begin + half + i];
          const Complex turned = high * turns_[i * step];
          high = low - turned;
          low += turned;
        }
      }
    }
  }

 private:
  std::vector<size_t> order_;
  std::vector<Complex> turns_;
};

Kernel prepare_spectrogram(const KernelRequest& request) {
  const Shape& output = request.output_shape(0);
  const int64_t channels = output[0], frames = output[1], frequencies = output[2];
  const auto window = request.attrs->get<int64_t>("window_size"),
             stride = request.attrs->get<int64_t>("stride");
  const bool squared = request.attrs->get_or("magnitude_squared", false);
  const auto transform =
      std::make_shared<const FourierTransform>(static_cast<size_t>(2 * (frequencies - 1)));
  std::vector<double> weights;
  for (int64_t i = 0; i < window; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i);
    weights.push_back(0.5 - 0.5 * std::cos(angle / static_cast<double>(window)));
  }
  return {.launch = [=](const Launch& args) {
    const float* from = args.input<float>(0);
    for_rows(args, channels * frames, frequencies * 16, [&](int64_t begin, int64_t end) {
      std::vector<Complex> values(transform->points());
      for (int64_t row = begin; row < end; ++row) {
        const int64_t channel = row / frames, first = row % frames * stride;
        std::fill(values.begin(), values.end(), Complex());
        for (int64_t i = 0; i < window; ++i) {
          const auto at = static_cast<size_t>(i);
          values[at] = weights[at] * static_cast<double>(from[(first + i) * channels + channel]);
        }
        transform->apply(values);
        float* to = args.output<float>(0) + row * frequencies;
        for (int64_t i = 0; i < frequencies; ++i) {
          const double power = std::norm(values[static_cast<size_t>(i)]);
          to[i] = static_cast<float>(squared ? power : std::sqrt(power));
        }
      }
    });
  }};
}

double mel(double frequency) { return 1127.0 * std::log1p(frequency / 700.0); }

// Bands of frequencies, each a triangle between the middles of its neighbours, as far apart as
// ears tell.
class MelBands {
 public:
  MelBands(int64_t bands, double lower, double upper, int64_t frequencies, int32_t sample_rate)
      : count_(bands) {
    const double low = mel(lower), spacing = (mel(upper) - low) / static_cast<double>(bands + 1);
    const double hertz = 0.5 * sample_rate / static_cast<double>(frequencies - 1);
    first_ = static_cast<int64_t>(std::min(1.5 + lower / hertz, static_cast<double>(frequencies)));
    const auto last =
        static_cast<int64_t>(std::min(upper / hertz, static_cast<double>(frequencies - 1)));
    for (int64_t i = first_; i <= last; ++i) {
      places_.push_back((mel(static_cast<double>(i) * hertz) - low) / spacing);
    }
  }

  // Each frequency goes to the band below its place and the one above.
  void apply(const float* spectrum, std::vector<double>& sums) const {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (size_t i = 0; i < places_.size(); ++i) {
      const double at = places_[i];
      const auto band = static_cast<int64_t>(std::ceil(at)) - 1;  // whose middle is below
      const double up = at - static_cast<double>(band),
                   loud = std::sqrt(double{spectrum[first_ + static_cast<int64_t>(i)]});
      if (band >= 1 && band <= count_) sums[static_cast<size_t>(band - 1)] += loud * (1 - up);
      if (band >= 0 && band < count_) sums[static_cast<size_t>(band)] += loud * up;
    }
  }

 private:
  int64_t count_, first_;       // bands; the first frequency of any
  std::vector<double> places_;  // of the frequencies from there on, in widths of bands
};

// [count, bands], row-major.
std::vector<double> cosines_of(int64_t count, int64_t bands) {
  std::vector<double> cosines;
  cosines.reserve(static_cast<size_t>(count * bands));
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < bands; ++j) {
      const double turn = static_cast<double>(i) * (static_cast<double>(j) + 0.5);
      cosines.push_back(std::cos(std::numbers::pi * turn / static_cast<double>(bands)));
    }
  }
  return cosines;
}

Kernel prepare_mfcc(const KernelRequest& request) {
  const Shape& input = request.input_shape(0);
  const int64_t rows = input[0] * input[1], frequencies = input[2],
                count = request.output_shape(0)[2];
  const auto bands = request.attrs->get<int64_t>("filterbank_channel_count");
  const auto lower = request.attrs->get<double>("lower_frequency_limit"),
             upper = request.attrs->get<double>("upper_frequency_limit");
  const double scale = std::sqrt(2.0 / static_cast<double>(bands));
  const auto cosines = std::make_shared<const std::vector<double>>(cosines_of(count, bands));
  return {.launch = [=](const Launch& args) {
    const int32_t rate = *args.input<int32_t>(1);
    internal::require(rate > 0 && frequencies > 1, ErrorKind::bad_argument,
                      "Mfcc needs a positive sample_rate and two frequencies, not ", rate, " and ",
                      frequencies);
    const MelBands triangles(bands, lower, upper, frequencies, rate);
    for_rows(args, rows, frequencies + count * bands, [&](int64_t begin, int64_t end) {
      std::vector<double> sums(static_cast<size_t>(bands));
      for (int64_t row = begin; row < end; ++row) {
        triangles.apply(args.input<float>(0) + row * frequencies, sums);
        for (double& sum : sums) sum = std::log(std::max(sum, 1e-12));
        float* to = args.output<float>(0) + row * count;
        const double* cosine = cosines->data();
        for (int64_t i = 0; i < count; ++i) {
          double value = 0;
          for (const double sum : sums) value += sum * *cosine++;
          to[i] = static_cast<float>(scale * value);
        }
      }
    });
  }};
}

}  // namespace

void register_audio(KernelRegistry& kernels) {
  kernels.add("_WavSizes", int64, prepare_wav_sizes);
  kernels.add("_DecodeWav", float32, prepare_decode_wav);
  kernels.add("AudioSpectrogram", float32, prepare_spectrogram);
  kernels.add("Mfcc", float32, prepare_mfcc);
}

}  // namespace tenon::cpu
