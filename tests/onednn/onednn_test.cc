// oneDNN's module: opened, asked where it wins, the same bits with any number of threads, and a
// program without it runs on our own kernels and can say why. The numerical tests of convolutions
// and products run on it too (CMakeLists.txt registers them a second time, with
// TENON_ONEDNN_ALWAYS).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <optional>

#include "tenon/tenon.h"
#include "tests/testing/op_cases.h"

namespace tenon::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::wave;

// An environment variable, set for a while.
class Setting {
 public:
  Setting(const char* name, const std::string& value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    setenv(name, value.c_str(), 1);
  }
  ~Setting() {
    if (before_) {
      setenv(name_, before_->c_str(), 1);
    } else {
      unsetenv(name_);
    }
  }
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

ModuleInfo onednn() {
  for (const ModuleInfo& module : modules()) {
    if (module.name == "onednn") return module;
  }
  return {};
}

// A convolution with its gradients, and a product with its own, large enough that oneDNN wins.
struct Layers {
  Output x = placeholder(float32, {8, 28, 28, 32}), a = placeholder(float32, {512, 512});
  Variable filter{wave(float32, {3, 3, 32, 64}, 0.3)}, bias{wave(float32, {64}, 0.5)};
  Variable weights{wave(float32, {512, 256}, 0.7)};
  Output conv = nn::relu(nn::bias_add(nn::conv2d(x, filter, {.padding = "SAME"}), bias));
  Output product = matmul(a, weights);

  std::vector<Fetch> outputs() const {
    std::vector<Fetch> fetches = {conv, product};
    for (const Output& gradient : gradients({reduce_sum(square(conv)), reduce_sum(square(product))},
                                            {x, filter, bias, a, weights})) {
      fetches.push_back(gradient);
    }
    return fetches;
  }
  Feeds feeds() const {
    return {{x, wave(float32, {8, 28, 28, 32}, 1.1)}, {a, wave(float32, {512, 512}, 1.3)}};
  }
};

class OneDnnTest : public ::testing::Test {
 protected:
  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
};

std::vector<Tensor> results_with(int threads) {
  const Graph graph;
  const auto as_default = graph.as_default();
  const Layers layers;
  Session session({.threads = threads});
  session.run(global_variables_initializer());
  return session.run(layers.outputs(), layers.feeds());
}

void expect_same_bits(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].bytes(), b[i].bytes());
    EXPECT_EQ(std::memcmp(a[i].raw(), b[i].raw(), a[i].bytes()), 0) << "result " << i;
  }
}

// To five digits of the largest element, since sums of many terms cancel.
void expect_near_in_size(const Tensor& found, const Tensor& expected) {
  ASSERT_EQ(found.shape(), expected.shape());
  const auto a = found.data<float>(), b = expected.data<float>();
  float size = 0, error = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    size = std::max(size, std::abs(b[i]));
    error = std::max(error, std::abs(a[i] - b[i]));
  }
  EXPECT_LE(error, 1e-5f * size);
}

TEST_F(OneDnnTest, IsOpenedAndRunsWhatItIsFasterAt) {
  ASSERT_TRUE(onednn().opened) << onednn().status;
  const Layers layers;
  Session session;
  session.run(global_variables_initializer());
  const std::string plan = session.plan_text(layers.outputs(), layers.feeds());
  EXPECT_THAT(plan, HasSubstr("by onednn"));
}

TEST_F(OneDnnTest, LeavesSmallWorkToOurOwnKernels) {
  const Output x = placeholder(float32, {1, 10});
  const Output y = matmul(x, Variable(wave(float32, {10, 20}, 0.1)));
  Session session;
  session.run(global_variables_initializer());
  const std::string plan = session.plan_text({y}, {{x, wave(float32, {1, 10}, 0)}});
  EXPECT_THAT(plan, Not(HasSubstr("onednn")));
}

TEST_F(OneDnnTest, AnyNumberOfThreadsGivesTheSameBits) {
  const Setting always("TENON_ONEDNN_ALWAYS", "1");
  const std::vector<Tensor> one = results_with(1);
  for (const int threads : {2, 3, 8}) {
    SCOPED_TRACE(threads);
    expect_same_bits(results_with(threads), one);
  }
}

TEST_F(OneDnnTest, AgreesWithOurOwnKernels) {
  const Setting always("TENON_ONEDNN_ALWAYS", "1");
  const std::vector<Tensor> fast = results_with(2);
  const Setting disabled("TENON_DISABLE_ONEDNN", "1");
  const std::vector<Tensor> own = results_with(2);
  ASSERT_EQ(fast.size(), own.size());
  for (size_t i = 0; i < own.size(); ++i) {
    SCOPED_TRACE(i);
    expect_near_in_size(fast[i], own[i]);
  }
}

TEST_F(OneDnnTest, ReadsAVariablesNewValueAfterEachWrite) {
  const Setting always("TENON_ONEDNN_ALWAYS", "1");
  const Layers layers;
  const Output doubled = layers.filter.assign(2.0f * layers.filter);
  Session session;
  session.run(global_variables_initializer());
  const auto run = [&] { return session.run(layers.conv, layers.feeds()).clone(); };
  const Tensor first = run(), again = run();
  expect_same_bits({first}, {again});
  session.run(doubled);
  session.run(layers.bias.assign(2.0f * layers.bias));
  expect_near_in_size(run(), session.run(2.0f * constant(first)));
  layers.filter.load(wave(float32, {3, 3, 32, 64}, 0.3), session);
  session.run(layers.bias.assign(0.5f * layers.bias));
  expect_same_bits({run()}, {first});
}

TEST_F(OneDnnTest, ReluKeepsWhatIsNotANumber) {
  const Setting always("TENON_ONEDNN_ALWAYS", "1");
  const Layers layers;
  Session session;
  session.run(global_variables_initializer());
  Feeds feeds = layers.feeds();
  Tensor image = wave(float32, {8, 28, 28, 32}, 1.1);
  image.mutable_data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  const Tensor result = session.run(layers.conv, {{layers.x, image}});
  EXPECT_TRUE(std::isnan(result.data<float>()[0]));
}

TEST_F(OneDnnTest, Relu6IsTakenIn) {
  const Setting always("TENON_ONEDNN_ALWAYS", "1");
  const Layers layers;
  const Output six = nn::relu6(nn::conv2d(layers.x, layers.filter, {.padding = "SAME"}));
  const Output capped = nn::relu6(layers.product);
  Session session;
  session.run(global_variables_initializer());
  const std::string plan = session.plan_text({six, capped}, layers.feeds());
  EXPECT_THAT(plan, Not(HasSubstr("Relu6")));
  EXPECT_THAT(plan, Not(HasSubstr("by cpu")));
  const std::vector<Tensor> found = session.run({six, capped}, layers.feeds());
  for (const Tensor& one : found) {
    const auto values = one.data<float>();
    EXPECT_EQ(*std::min_element(values.begin(), values.end()), 0);
    EXPECT_EQ(*std::max_element(values.begin(), values.end()), 6);
  }
}

// Each is a process of its own, in which no module was opened before.
class OneDnnDeathTest : public OneDnnTest {
 protected:
  OneDnnDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// Runs the layers, says what became of the module, and ends the process well.
[[noreturn]] void run_and_tell() {
  const Layers layers;
  Session session;
  session.run(global_variables_initializer());
  session.run(layers.outputs(), layers.feeds());
  const std::string plan = session.plan_text(layers.outputs(), layers.feeds());
  std::cerr << (plan.find("onednn") == std::string::npos ? "own kernels; " : "oneDNN; ")
            << onednn().status;
  std::exit(0);
}

TEST_F(OneDnnDeathTest, WithoutTheModuleOurOwnKernelsRun) {
  const Setting elsewhere("TENON_MODULE_PATH", "/nonexistent");
  EXPECT_EXIT(run_and_tell(), ::testing::ExitedWithCode(0),
              "own kernels; libtenon_onednn.so is not there");
}

// The module as it is, but for the name of the library that it needs.
void copy_without_library(const fs::path& from, const fs::path& folder) {
  std::ifstream file(from, std::ios::binary);
  std::string module{std::istreambuf_iterator<char>(file), {}};
  const size_t name = module.find("libdnnl.so");
  ASSERT_NE(name, std::string::npos) << from;
  module.replace(name, 7, "libgone");
  fs::create_directories(folder);
  std::ofstream(folder / "libtenon_onednn.so", std::ios::binary) << module;
}

TEST_F(OneDnnDeathTest, WithoutItsLibraryOurOwnKernelsRun) {
  const fs::path folder = fs::path(::testing::TempDir()) / "tenon_onednn_gone";
  const char* asked = std::getenv("TENON_MODULE_PATH");
  const fs::path built = asked == nullptr ? TENON_BINARY_DIR : asked;
  if (built != folder)
    copy_without_library(built / "libtenon_onednn.so", folder);  // not in the child
  const Setting elsewhere("TENON_MODULE_PATH", folder.string());
  EXPECT_EXIT(run_and_tell(), ::testing::ExitedWithCode(0),
              "own kernels; libgone.*cannot open shared object file");
  fs::remove_all(folder);
}

TEST_F(OneDnnDeathTest, IsNotOpenedWhereItIsDisabled) {
  const Setting disabled("TENON_DISABLE_ONEDNN", "1");
  EXPECT_EXIT(run_and_tell(), ::testing::ExitedWithCode(0),
              "own kernels; TENON_DISABLE_ONEDNN is set");
}

}  // namespace
}  // namespace tenon::test
