// Assert, Print, and what they show of tensors.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/strings.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

using internal::fail;

// The first elements, as "[1 2 3...]".
std::string first_elements(const Tensor& elements, bool are_all) {
  std::ostringstream text;
  text << '[';
  if (elements.dtype() == DType::string) {
    const auto strings = elements.data<std::string>();
    for (size_t i = 0; i < strings.size(); ++i) text << (i > 0 ? " " : "") << strings[i];
  } else {
    std::ostringstream numbers;
    numbers << elements;  // "[1 2 3]"
    const std::string all = numbers.str();
    text << all.substr(1, all.size() - 2);
  }
  text << (are_all ? "]" : "...]");
  return text.str();
}

Kernel prepare_text(const KernelRequest& request) {
  const DType dtype = request.input_dtype(0);
  const int64_t count = request.input_shape(0).element_count();
  const auto most = request.attrs->get<int64_t>("summarize");
  const int64_t shown = most < 0 ? count : std::min(most, count);
  return {.launch = [=](const Launch& args) {
    const Tensor elements = Tensor::adopt(dtype, {shown}, const_cast<void*>(args.inputs[0]), {});
    *args.output<std::string>(0) = first_elements(elements, shown == count);
  }};
}

// How many strings each input has but the first.
std::vector<int64_t> text_counts(const KernelRequest& request) {
  std::vector<int64_t> counts;
  for (size_t i = 1; i < request.inputs.size(); ++i) {
    counts.push_back(request.inputs[i].shape.element_count());
  }
  return counts;
}

std::string joined(const Launch& args, const std::vector<int64_t>& counts) {
  std::string text;
  for (size_t i = 0; i < counts.size(); ++i) {
    const auto* const texts = args.input<std::string>(static_cast<int>(i) + 1);
    for (int64_t j = 0; j < counts[i]; ++j) text += (text.empty() ? "" : " ") + texts[j];
  }
  return text;
}

Kernel prepare_assert(const KernelRequest& request) {
  const std::vector<int64_t> counts = text_counts(request);
  return {.launch = [=](const Launch& args) {
    if (*args.input<bool>(0)) return;
    fail<InvalidArgumentError>(ErrorKind::assertion_failed,
                               "assertion failed: ", joined(args, counts));
  }};
}

Kernel prepare_print(const KernelRequest& request) {
  const std::vector<int64_t> counts = text_counts(request);
  const DType dtype = request.input_dtype(0);
  const Shape shape = request.input_shape(0);
  const auto message = request.attrs->get<std::string>("message");
  const auto first_n = request.attrs->get<int64_t>("first_n");
  const auto printed = std::make_shared<std::atomic<int64_t>>(0);
  return {.launch = [=](const Launch& args) {
    if (first_n < 0 || printed->fetch_add(1) < first_n) {
      std::cerr << internal::str(message, joined(args, counts), "\n");
    }
    if (dtype == DType::string) {
      std::copy_n(args.input<std::string>(0), shape.element_count(), args.output<std::string>(0));
    } else {
      std::memcpy(args.outputs[0], args.inputs[0],
                  static_cast<size_t>(shape.element_count()) * size_of(dtype));
    }
  }};
}

}  // namespace

void register_flow_assert(KernelRegistry& kernels) {
  kernels.add("Assert", DType::invalid, prepare_assert);
  kernels.add("_Text", DType::invalid, prepare_text);
  kernels.add("Print", DType::invalid, prepare_print);
}

}  // namespace tenon::cpu
