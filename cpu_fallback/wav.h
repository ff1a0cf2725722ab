// WAV files of 16 bits a sample.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/base/check.h"

namespace tenon::cpu {

struct WavFile {
  int64_t channels = 0, samples = 0;
  int32_t sample_rate = 0;

  // The bytes must outlive it. Throws InvalidArgumentError (bad_argument) for what is no such file.
  explicit WavFile(std::string_view bytes) : rest_(bytes) {
    expect("RIFF");
    number<uint32_t>();
    expect("WAVE");
    expect("fmt ");
    const auto size = number<uint32_t>();
    internal::require(size >= 16, ErrorKind::bad_argument, "A WAV file's format has 16 bytes or ",
                      "more, not ", size);
    const std::string_view after = rest_;
    const auto format = number<uint16_t>();
    channels = number<uint16_t>();
    sample_rate = static_cast<int32_t>(number<uint32_t>());
    number<uint32_t>();
    number<uint16_t>();
    const auto bits = number<uint16_t>();
    internal::require((format == 1 || format == 0xFFFE) && bits == 16 && channels > 0,
                      ErrorKind::bad_argument, "Only WAV files of 16 bits a sample can be decoded,",
                      " not those of format ", format, " with ", bits, " bits and ", channels,
                      " channels");
    rest_ = after;
    skip(size);
    find_data();
  }

  // Beyond the last channel it is that of the last, beyond the last sample nothing.
  float value(int64_t sample, int64_t channel) const {
    if (sample >= samples) return 0;
    const int64_t at = sample * channels + std::min(channel, channels - 1);
    int16_t number = 0;
    std::memcpy(&number, rest_.data() + 2 * at, sizeof number);
    return static_cast<float>(number) / 32768.0F;
  }

 private:
  void find_data() {
    while (true) {
      internal::require(rest_.size() >= 8, ErrorKind::bad_argument, "The WAV file has no data");
      const std::string_view kind = rest_.substr(0, 4);
      skip(4);
      const auto size = number<uint32_t>();
      if (kind == "data") {
        samples = std::min<int64_t>(size, static_cast<int64_t>(rest_.size())) / (2 * channels);
        return;
      }
      skip(size);
    }
  }

  void expect(std::string_view word) {
    internal::require(rest_.starts_with(word), ErrorKind::bad_argument,
                      "What is to be decoded is no WAV file: '", word,
                      "' isn't where it should be");
    skip(word.size());
  }
  void skip(size_t count) {
    internal::require(rest_.size() >= count, ErrorKind::bad_argument, "The WAV file is cut off");
    rest_.remove_prefix(count);
  }
  template <typename T>
  T number() {
    T value = 0;
    const std::string_view before = rest_;
    skip(sizeof value);
    std::memcpy(&value, before.data(), sizeof value);
    return value;
  }

  std::string_view rest_;
};

}  // namespace tenon::cpu
