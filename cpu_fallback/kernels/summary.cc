// Summaries: values as the serialized protobuf message that event files hold.
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <protozero/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/kernels/summary_value.h"
#include "core/tensor/element_types.h"
#include "cpu_fallback/histogram.h"
#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/png.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {
namespace {

using internal::add_summary_value;
using internal::fail;
using internal::with_element_type;
using protozero::pbf_writer;

// The kernel of an operation on numbers, made for their dtype by `Prepare::of<T>(request)`.
template <typename Prepare>
Kernel prepare_for_numbers(const KernelRequest& request) {
  return with_element_type(request.input_dtype(1), [&](auto element) -> Kernel {
    using T = decltype(element);
    if constexpr (std::is_same_v<T, std::string>) {
      fail<TypeError>(ErrorKind::dtype_incompatible, "A summary of numbers can't hold strings");
    } else {
      return Prepare::template of<T>(request);
    }
  });
}

template <typename T>
double number(T value) {
  if constexpr (std::is_same_v<T, Half> || std::is_same_v<T, Bfloat16>) {
    return static_cast<double>(static_cast<float>(value));
  } else {
    return static_cast<double>(value);
  }
}

struct Scalars {
  template <typename T>
  static Kernel of(const KernelRequest& request) {
    const int64_t count = request.input_shape(1).element_count();
    return {.launch = [count](const Launch& args) {
      std::string summary;
      for (int64_t i = 0; i < count; ++i) {
        internal::add_summary_scalar(summary, args.input<std::string>(0)[i],
                                     static_cast<float>(number(args.input<T>(1)[i])));
      }
      *args.output<std::string>(0) = summary;
    }};
  }
};

// As protobuf leaves out what is 0.
void add_double(pbf_writer& message, protozero::pbf_tag_type tag, double value) {
  if (value != 0 || std::signbit(value)) message.add_double(tag, value);
}

void write_histogram(pbf_writer& value, const Histogram& histogram) {
  pbf_writer message(value, 5);
  add_double(message, 1, histogram.min());
  add_double(message, 2, histogram.max());
  add_double(message, 3, histogram.count());
  add_double(message, 4, histogram.sum());
  add_double(message, 5, histogram.sum_squares());
  std::vector<double> limits, counts;
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    limits.push_back(bucket.limit);
    counts.push_back(bucket.count);
  }
  message.add_packed_double(6, limits.begin(), limits.end());
  message.add_packed_double(7, counts.begin(), counts.end());
}

struct Histograms {
  template <typename T>
  static Kernel of(const KernelRequest& request) {
    const int64_t count = request.input_shape(1).element_count();
    return {.launch = [count](const Launch& args) {
      const std::string& tag = *args.input<std::string>(0);
      Histogram histogram;
      for (int64_t i = 0; i < count; ++i) {
        const double value = number(args.input<T>(1)[i]);
        require(!std::isnan(value), ErrorKind::bad_argument, "Nan in summary histogram for: ", tag);
        require(!std::isinf(value), ErrorKind::bad_argument,
                "Infinity in summary histogram for: ", tag);
        histogram.add(value);
      }
      std::string summary;
      add_summary_value(summary, tag, [&](auto& v) { write_histogram(v, histogram); });
      *args.output<std::string>(0) = summary;
    }};
  }
};

// One picture of a batch: `count` pixels of so many channels.
struct PixelRange {
  int64_t count, channels;
};

template <typename T>
bool is_finite(const T* pixel, int64_t channels) {
  return std::all_of(pixel, pixel + channels, [](T x) { return std::isfinite(number(x)); });
}

// Numbers as bytes: those from 0 on are scaled so that the greatest is 255; where some are below,
// the one farthest from 0 is 127 away from 128, which 0 becomes. What isn't finite gets bad_color.
template <typename T>
void normalize(const T* from, const PixelRange& range, const std::vector<uint8_t>& bad_color,
               uint8_t* to) {
  float least = std::numeric_limits<float>::infinity(), most = -least;
  for (int64_t i = 0; i < range.count; ++i) {
    const T* pixel = from + i * range.channels;
    if (!is_finite(pixel, range.channels)) continue;
    for (int64_t c = 0; c < range.channels; ++c) {
      least = std::min(least, static_cast<float>(pixel[c]));
      most = std::max(most, static_cast<float>(pixel[c]));
    }
  }
  constexpr float nothing = 1e-6f;
  const float farthest = least < 0 ? std::max(std::abs(least), std::abs(most)) : most;
  const float full = least < 0 ? 127.0f : 255.0f;
  using Number = scalar::Compute<T>;
  const T scale(farthest < nothing ? 0.0f : full / farthest), offset(least < 0 ? 128.0f : 0.0f);
  const auto scaled = [&](T x) {  // rounded to T after each step, as TensorFlow does
    const T product(static_cast<Number>(x) * static_cast<Number>(scale));
    return T(static_cast<Number>(product) + static_cast<Number>(offset));
  };
  for (int64_t i = 0; i < range.count; ++i) {
    const T* pixel = from + i * range.channels;
    const bool finite = is_finite(pixel, range.channels);
    for (int64_t c = 0; c < range.channels; ++c) {
      to[i * range.channels + c] = finite ? static_cast<uint8_t>(number(scaled(pixel[c])))
                                          : bad_color[static_cast<size_t>(c)];
    }
  }
}

template <typename T>
std::string encoded(const T* pixels, int64_t height, int64_t width, int64_t channels,
                    [[maybe_unused]] const std::vector<uint8_t>& bad_color) {
  if constexpr (std::is_same_v<T, uint8_t>) {
    return encode_png(pixels, height, width, channels);
  } else {
    std::vector<uint8_t> bytes(static_cast<size_t>(height * width * channels));
    normalize(pixels, {height * width, channels}, bad_color, bytes.data());
    return encode_png(bytes.data(), height, width, channels);
  }
}

template <typename T>
Kernel prepare_images(const KernelRequest& request) {
  const Shape& shape = request.input_shape(1);
  const auto most = request.attrs->get<int64_t>("max_images");
  const int64_t count = std::min(most, shape[0]), height = shape[1], width = shape[2],
                channels = shape[3];
  const std::vector<uint8_t> bad_color =
      request.attrs->get<Tensor>("bad_color").to_vector<uint8_t>();
  require(bad_color.size() >= static_cast<size_t>(channels), ErrorKind::bad_argument,
          "expected bad_color.size() >= depth, got ", bad_color.size(), " and ", channels);
  return {.launch = [=](const Launch& args) {
    std::string summary;
    for (int64_t i = 0; i < count; ++i) {
      const std::string tag = internal::str(*args.input<std::string>(0), "/image",
                                            most > 1 ? internal::str('/', i) : std::string());
      const std::string png = encoded(args.input<T>(1) + i * height * width * channels, height,
                                      width, channels, bad_color);
      add_summary_value(summary, tag, [&](auto& value) {
        pbf_writer image(value, 4);
        if (height != 0) image.add_int32(1, static_cast<int32_t>(height));
        if (width != 0) image.add_int32(2, static_cast<int32_t>(width));
        image.add_int32(3, static_cast<int32_t>(channels));
        image.add_bytes(4, png);
      });
    }
    *args.output<std::string>(0) = summary;
  }};
}

// TensorProto, which says the shape of a scalar, too.
std::string string_tensor(const Shape& shape, const std::string* texts) {
  constexpr int32_t dt_string = 7;
  std::string sizes, bytes;
  pbf_writer shape_message(sizes), tensor(bytes);
  for (const int64_t size : shape.sizes()) {
    std::string dimension;
    if (size != 0) pbf_writer(dimension).add_int64(1, size);
    shape_message.add_message(2, dimension);
  }
  tensor.add_int32(1, dt_string);
  tensor.add_message(2, sizes);
  for (int64_t i = 0; i < shape.element_count(); ++i) tensor.add_bytes(8, texts[i]);
  return bytes;
}

// A tensor of strings, with what says which plugin of TensorBoard shows it.
Kernel prepare_strings(const KernelRequest& request) {
  const Shape& shape = request.input_shape(1);
  return {.launch = [shape](const Launch& args) {
    const std::string *texts = args.input<std::string>(1), &metadata = *args.input<std::string>(2);
    std::string summary;
    add_summary_value(summary, *args.input<std::string>(0), [&](auto& value) {
      value.add_message(8, string_tensor(shape, texts));
      value.add_message(9, metadata);
    });
    *args.output<std::string>(0) = summary;
  }};
}

// The tags of a summary's values.
std::vector<std::string> tags_of(const std::string& summary) {
  std::vector<std::string> tags;
  protozero::pbf_reader message(summary);
  while (message.next(1, protozero::pbf_wire_type::length_delimited)) {
    protozero::pbf_reader value = message.get_message();
    while (value.next(1, protozero::pbf_wire_type::length_delimited)) {
      tags.push_back(value.get_string());
    }
  }
  return tags;
}

// Messages that are put behind each other are one with the values of all.
Kernel prepare_merge(const KernelRequest& request) {
  const int count = static_cast<int>(request.inputs.size());
  std::vector<int64_t> sizes;
  for (int i = 0; i < count; ++i) sizes.push_back(request.input_shape(i).element_count());
  return {.launch = [sizes](const Launch& args) {
    std::string merged;
    std::set<std::string> tags;
    for (size_t i = 0; i < sizes.size(); ++i) {
      const auto* summaries = args.input<std::string>(static_cast<int>(i));
      for (int64_t j = 0; j < sizes[i]; ++j) {
        try {
          for (const std::string& tag : tags_of(summaries[j])) {
            require(tags.insert(tag).second, ErrorKind::bad_argument, "Duplicate tag ", tag,
                    " found in summary inputs");
          }
        } catch (const protozero::exception&) {
          fail(ErrorKind::bad_argument, "Could not parse one of the summary inputs");
        }
        merged += summaries[j];
      }
    }
    *args.output<std::string>(0) = merged;
  }};
}

}  // namespace

void register_summary(KernelRegistry& kernels) {
  kernels.add("ScalarSummary", DType::invalid, prepare_for_numbers<Scalars>);
  kernels.add("HistogramSummary", DType::invalid, prepare_for_numbers<Histograms>);
  kernels.add("ImageSummary", uint8, prepare_images<uint8_t>);
  kernels.add("ImageSummary", float32, prepare_images<float>);
  kernels.add("ImageSummary", float64, prepare_images<double>);
  kernels.add("ImageSummary", float16, prepare_images<Half>);
  kernels.add("TensorSummaryV2", string, prepare_strings);
  kernels.add("MergeSummary", DType::invalid, prepare_merge);
}

}  // namespace tenon::cpu
