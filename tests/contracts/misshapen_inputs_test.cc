// Every operation is fed inputs of other ranks, sizes and numbers than fit, through placeholders of
// unknown shape, so that only the run sees them. Each time it throws tenon::Error or answers; it
// never reads or writes memory that isn't its own: what is fed ends where a page ends that can't be
// touched, and a build with AddressSanitizer sees the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "core/graph/op_def.h"
#include "tenon/tenon.h"
#include "tests/testing/operation_samples.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TENON_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define TENON_SANITIZED 1
#endif
#endif

#ifdef TENON_SANITIZED
// What is too large is refused, as by a machine without that much memory.
extern "C" const char* __asan_default_options();   // NOLINT: the sanitizer looks for this name
extern "C" const char* __asan_default_options() {  // NOLINT
  return "allocator_may_return_null=1:max_allocation_size_mb=512";
}
#endif

namespace tenon::testing {
namespace {

using internal::OpRegistry;
using internal::RegisteredOp;

// No more memory than that for the process: sizes that are huge by mistake fail at once.
void limit_memory() {
#ifndef TENON_SANITIZED
  const rlimit limit{rlim_t{1} << 30, rlim_t{1} << 30};
  setrlimit(RLIMIT_AS, &limit);
#endif
}

// A tensor that ends just before a page that can't be read or written.
Tensor guarded(DType dtype, const Shape& shape, const std::string& text) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t bytes = static_cast<size_t>(shape.element_count()) * size_of(dtype);
  const size_t pages = (bytes + page - 1) / page * page;
  void* const memory =
      mmap(nullptr, pages + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  char* const end = static_cast<char*>(memory) + pages;
  mprotect(end, page, PROT_NONE);
  const auto unmap = [=] { munmap(memory, pages + page); };
  if (dtype != DType::string) return Tensor::adopt(dtype, shape, end - bytes, unmap);
  auto* const texts = reinterpret_cast<std::string*>(end - bytes);
  const auto count = static_cast<size_t>(shape.element_count());
  std::uninitialized_fill_n(texts, count, text);
  return Tensor::adopt(dtype, shape, texts, [=] {
    std::destroy_n(texts, count);
    unmap();
  });
}

Tensor value_of(const SampleInput& input) {
  Tensor tensor = guarded(input.dtype, input.shape, input.text);
  const auto count = static_cast<size_t>(tensor.element_count());
  const auto number = [&](size_t i) {
    return input.numbers.empty() ? static_cast<int64_t>(i % 2)
                                 : input.numbers[i % input.numbers.size()];
  };
  if (input.dtype == int32) {
    for (size_t i = 0; i < count; ++i) {
      tensor.mutable_data<int32_t>()[i] = static_cast<int32_t>(number(i));
    }
  } else if (input.dtype == int64) {
    for (size_t i = 0; i < count; ++i) tensor.mutable_data<int64_t>()[i] = number(i);
  } else if (input.dtype == float32) {
    for (size_t i = 0; i < count; ++i) {
      tensor.mutable_data<float>()[i] = 0.5f + static_cast<float>(i % 7);
    }
  } else if (input.dtype == bool_ && !input.numbers.empty()) {
    for (size_t i = 0; i < count; ++i) tensor.mutable_data<bool>()[i] = number(i) != 0;
  } else if (input.dtype != DType::string && tensor.bytes() != 0) {
    std::memset(tensor.raw(), 0, tensor.bytes());
  }
  return tensor;
}

// ---- What is wrong with an input
// -----------------------------------------------------------------

Shape with_size(Shape shape, int axis, int64_t size) {
  shape[axis] = size;
  return shape;
}

std::vector<SampleInput> misshapen(const SampleInput& input) {
  std::vector<SampleInput> wrong;
  const auto add_shape = [&](const Shape& shape) {
    if (shape != input.shape) wrong.push_back({input.dtype, shape, input.numbers, input.text});
  };
  constexpr int64_t kHuge = int64_t{1} << 40;
  for (const Shape& shape : {Shape{}, Shape{0}, Shape{1}, Shape{7}, Shape{1, 1}, Shape{5, 5},
                             Shape{1, 1, 1, 1, 1}, Shape{0, kHuge}, Shape{kHuge, 0}}) {
    add_shape(shape);
  }
  const auto sizes = input.shape.sizes();
  const std::vector<int64_t> all(sizes.begin(), sizes.end());
  for (int axis = 0; axis < input.shape.rank(); ++axis) {
    const int64_t size = input.shape[axis];
    for (const int64_t other : {int64_t{0}, int64_t{1}, size - 1, size + 1, 2 * size}) {
      add_shape(with_size(input.shape, axis, other));
    }
    std::vector<int64_t> less = all, more = all;
    less.erase(less.begin() + axis);
    more.insert(more.begin() + axis, 2);
    add_shape(Shape(less));
    add_shape(Shape(more));
  }
  add_shape(Shape(std::vector<int64_t>(all.rbegin(), all.rend())));
  for (size_t i = 0; i < input.numbers.size(); ++i) {
    const int64_t number = input.numbers[i];
    std::vector<int64_t> others = {number - 1,
                                   number + 1,
                                   -number,
                                   0,
                                   -1,
                                   -100,
                                   100,
                                   std::numeric_limits<int32_t>::max(),
                                   std::numeric_limits<int32_t>::min()};
    if (input.dtype == int64) {
      others.push_back(std::numeric_limits<int64_t>::max());
      others.push_back(std::numeric_limits<int64_t>::min());
    }
    for (const int64_t other : others) {
      SampleInput changed = input;
      changed.numbers[i] = other;
      wrong.push_back(changed);
    }
  }
  return wrong;
}

// ---- The operation in a graph of its own
// ---------------------------------------------------------

class Trial {
 public:
  explicit Trial(const OperationSample& sample) {
    std::vector<Operation> before;
    for (const OperationSample& other : sample.before) {
      before.push_back(made(other, "", before, [](const SampleInput& input, const auto&) {
        return constant(value_of(input));
      }));
    }
    const Operation op = made(sample, "tried", before, [&](const SampleInput& input, auto& arg) {
      const bool is_variable = arg.is_ref || arg.dtype == DType::resource;
      return is_variable ? variable(input, !arg.is_ref).op().output(0) : fed(input);
    });
    for (int i = 0; i < op.output_count(); ++i) fetches_.emplace_back(op.output(i));
    if (fetches_.empty()) fetches_.emplace_back(op);
  }

  // Throws what the run throws.
  void run(const std::vector<SampleInput>& inputs) {
    if (!variables_.empty()) set_variables(inputs);
    Feeds feeds;
    for (const auto& [output, input] : placeholders_) {
      feeds.push_back({output, value_of(inputs[input])});
    }
    session_.run(fetches_, feeds);
  }

 private:
  // The operation of what `input` makes of each input of the sample, and the argument it is for.
  template <typename Make>
  static Operation made(const OperationSample& sample, const std::string& name,
                        const std::vector<Operation>& before, const Make& input) {
    const RegisteredOp& def = *OpRegistry::global().find(sample.type);
    std::vector<internal::InputList> arguments;
    size_t next = 0;
    for (const internal::ArgDef& arg : def.input_args) {
      if (!arg.is_list()) {
        arguments.emplace_back(input(sample.inputs[next++], arg));
        continue;
      }
      // Where the sample doesn't say its length, a list has all inputs that others don't take.
      const std::string& attribute = arg.lists_types ? arg.type_attr : arg.number_attr;
      const size_t count = sample.attrs.has(attribute)
                               ? arg.count(sample.attrs)
                               : sample.inputs.size() - (def.input_args.size() - 1);
      std::vector<Output> several;
      for (size_t i = 0; i < count; ++i) several.push_back(input(sample.inputs[next++], arg));
      arguments.emplace_back(several);
    }
    const ScopeGuard after = control_dependencies(before);  // what it takes was made before
    return internal::add_operation(sample.type, arguments, {.name = name, .attrs = sample.attrs});
  }

  Output fed(const SampleInput& input) {
    placeholders_.emplace_back(placeholder(input.dtype, Shape::unknown()), count_++);
    return placeholders_.back().first;
  }

  // Of a shape that only an assignment says.
  Variable variable(const SampleInput& input, bool resource) {
    const Output value = placeholder(input.dtype, Shape::unknown());
    const Variable made(value, {.validate_shape = false, .use_resource = resource});
    variables_.push_back({made, value, count_++});
    return made;
  }

  void set_variables(const std::vector<SampleInput>& inputs) {
    for (const auto& [variable, value, input] : variables_) {
      session_.run(variable.initializer(), {{value, value_of(inputs[input])}});
    }
  }

  struct Held {
    Variable variable;
    Output value;
    size_t input;
  };

  Graph graph_;
  ScopeGuard as_default_{graph_.as_default()};
  std::vector<std::pair<Output, size_t>> placeholders_;  // and the sample's inputs
  std::vector<Held> variables_;
  size_t count_ = 0;
  std::vector<Fetch> fetches_;
  Session session_{graph_, {.threads = 1, .cpu_memory_limit = size_t{64} << 20}};
};

std::string told(const std::vector<SampleInput>& inputs) {
  std::string text;
  for (const SampleInput& input : inputs) {
    text += " " + input.shape.to_string();
    if (input.numbers.empty()) continue;
    text += " of";
    for (const int64_t number : input.numbers) text += " " + std::to_string(number);
  }
  return text;
}

class MisshapenInputsTest : public ::testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { limit_memory(); }

  // Whether an error was thrown; it must be one of ours.
  static bool fails(Trial& trial, const std::vector<SampleInput>& inputs) {
    if (std::getenv("TENON_TELL_TRIALS") != nullptr) std::cerr << told(inputs) << std::endl;
    try {
      trial.run(inputs);
      return false;
    } catch (const Error&) {
      return true;
    } catch (const std::exception& error) {
      ADD_FAILURE() << GetParam() << told(inputs) << " throws " << error.what();
      return true;
    }
  }
};

TEST_P(MisshapenInputsTest, AreRefusedOrAnswered) {
  for (const OperationSample& sample : samples_of(GetParam())) {
    Trial trial(sample);
    trial.run(sample.inputs);
    std::vector<std::vector<SampleInput>> wrong;
    for (const SampleInput& input : sample.inputs) wrong.push_back(misshapen(input));
    for (size_t i = 0; i < wrong.size(); ++i) {
      for (const SampleInput& one : wrong[i]) {
        std::vector<SampleInput> inputs = sample.inputs;
        inputs[i] = one;
        fails(trial, inputs);
      }
    }
    // Several that are wrong may fit each other.
    std::mt19937 random(1);
    const bool elementwise = OpRegistry::global().find(sample.type)->elementwise != nullptr;
    for (int n = 0; n < (elementwise ? 20 : 150) && wrong.size() > 1; ++n) {
      std::vector<SampleInput> inputs = sample.inputs;
      for (size_t i = 0; i < wrong.size(); ++i) {
        if (random() % 3 != 0) inputs[i] = wrong[i][random() % wrong[i].size()];
      }
      fails(trial, inputs);
    }
  }
}

std::vector<std::string> operations_with_inputs() {
  std::vector<std::string> names;
  for (const std::string& name : OpRegistry::global().names()) {
    // No kernel has PreventGradient: it is for graphs that gradients are taken of.
    if (name == "PreventGradient") continue;
    // These take what a loop of the run listed, and nothing that is fed.
    if (name == "_StackRounds" || name == "_SumRounds") continue;
    if (!OpRegistry::global().find(name)->inputs.empty()) names.push_back(name);
  }
  return names;
}

std::string name_of(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '_', 'x');
  return name;
}

INSTANTIATE_TEST_SUITE_P(EveryOperation, MisshapenInputsTest,
                         ::testing::ValuesIn(operations_with_inputs()), name_of);

}  // namespace
}  // namespace tenon::testing
