#include "tests/models/model_testing.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <ostream>
#include <set>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace tenon::models {
namespace {

// Float32 sums in another order drift apart as training goes on.
constexpr double kAbsolute = 5e-6, kRelative = 5e-5;

int64_t pattern(int64_t i, int64_t seed) {
  return (31 * i * i + (17 * seed + 7) * i + 43 * seed) % 199;
}

std::vector<double> as_doubles(const Tensor& tensor) {
  const auto copy = [](const auto& elements) {
    return std::vector<double>(elements.begin(), elements.end());
  };
  if (tensor.dtype() == int32) return copy(tensor.data<int32_t>());
  if (tensor.dtype() == int64) return copy(tensor.data<int64_t>());
  return copy(tensor.data<float>());
}

void expect_near(const Tensor& tensor, const nlohmann::json& expected, const std::string& what) {
  const std::vector<double> values = as_doubles(tensor);
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (size_t i = 0; i < values.size(); ++i) {
    const double wanted = expected[i].get<double>();
    const double tolerance = kAbsolute + kRelative * std::abs(wanted);
    ASSERT_NEAR(values[i], wanted, tolerance) << what << ", element " << i;
  }
}

std::string device_by_name(const Operation& op) {
  const char* const devices[] = {"/cpu:0", "/gpu:0", "/gpu:1"};
  return devices[std::accumulate(op.name().begin(), op.name().end(), 0) % 3];
}

DeviceFunction devices_of(Place place) {
  return place == Place::Strewn ? DeviceFunction(device_by_name) : DeviceFunction();
}

}  // namespace

Tensor numbers(const Shape& shape, int64_t seed, double scale) {
  Tensor tensor(float32, shape);
  const auto elements = tensor.mutable_data<float>();
  for (size_t i = 0; i < elements.size(); ++i) {
    const auto number = pattern(static_cast<int64_t>(i), seed) - 99;
    elements[i] = static_cast<float>(static_cast<double>(number) / 100.0 * scale);
  }
  return tensor;
}

Tensor choices(const Shape& shape, int64_t seed, int64_t n, DType dtype) {
  Tensor tensor(dtype, shape);
  const auto fill = [&](auto elements) {
    for (size_t i = 0; i < elements.size(); ++i) {
      const int64_t choice = pattern(static_cast<int64_t>(i), seed) % n;
      elements[i] = static_cast<std::remove_reference_t<decltype(elements[i])>>(choice);
    }
  };
  if (dtype == int32) fill(tensor.mutable_data<int32_t>());
  if (dtype == int64) fill(tensor.mutable_data<int64_t>());
  if (dtype == float32) fill(tensor.mutable_data<float>());
  return tensor;
}

Initializer start(int64_t seed, double scale) {
  return [seed, scale](const Shape& shape, DType, const PartitionInfo* part) -> Input {
    if (part == nullptr) return numbers(shape, seed, scale);
    return slice(numbers(part->full_shape, seed, scale), part->var_offset, shape);
  };
}

Output dense(const Output& x, int64_t units, const std::string& name, int64_t seed, double scale) {
  auto scope = variable_scope(name);
  auto weights =
      get_variable("weights", {.shape = {x.shape()[1], units}, .initializer = start(seed, scale)});
  auto biases = get_variable("biases", {.shape = {units}, .initializer = zeros_initializer});
  return matmul(x, weights) + biases;
}

std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  const char* const places[] = {"Cpu", "Gpu", "Strewn"};
  return out << (setting.use_resource ? "Resource" : "Reference")
             << places[static_cast<int>(setting.place)];
}

ModelTest::ModelTest()
    : as_default_(graph_.as_default()), device_(device(devices_of(GetParam().place))) {
  get_variable_scope().set_use_resource(GetParam().use_resource);
}

SessionOptions ModelTest::options() {
  return {.allow_soft_placement = true, .emulated_gpus = GetParam().place == Place::Cpu ? 0 : 2};
}

INSTANTIATE_TEST_SUITE_P(Models, ModelTest,
                         testing::Values(Setting{false, Place::Cpu}, Setting{false, Place::Gpu},
                                         Setting{false, Place::Strewn}, Setting{true, Place::Cpu},
                                         Setting{true, Place::Gpu}, Setting{true, Place::Strewn}),
                         testing::PrintToStringParamName());

Comparison::Comparison(const std::string& model) : model_(model) {
  std::ifstream file(TENON_SOURCE_DIR "/tests/models/data/" + model + ".json");
  if (!file) throw std::runtime_error("there is no data of model " + model);
  expected_ = nlohmann::json::parse(file);
}

Comparison::~Comparison() {
  EXPECT_EQ(steps_, expected_["steps"].size()) << "steps of " << model_ << " were left out";
  EXPECT_EQ(moments_, expected_["variables"].size()) << "variables of " << model_;
}

void Comparison::step(std::span<const Tensor> values) {
  ASSERT_LT(steps_, expected_["steps"].size());
  const nlohmann::json& expected = expected_["steps"][steps_];
  const std::string what = model_ + ", step " + std::to_string(steps_) + ", value ";
  ++steps_;
  size_t found = 0;
  for (const Tensor& value : values) {
    if (!value) continue;
    ASSERT_LT(found, expected.size()) << what << found;
    ASSERT_NO_FATAL_FAILURE(expect_near(value, expected[found], what + std::to_string(found)));
    ++found;
  }
  ASSERT_EQ(found, expected.size()) << what << found;
}

void Comparison::variables(Session& session, const std::string& moment) {
  ++moments_;
  const nlohmann::json& expected = expected_["variables"].at(moment);
  const std::string which = model_ + ", " + moment + ": ";
  std::vector<Variable> kept = global_variables();
  const std::vector<Variable> locals = local_variables();
  kept.insert(kept.end(), locals.begin(), locals.end());
  const Tensor missing = session.run(report_uninitialized_variables(kept));
  const auto left_out = missing.data<std::string>();
  std::set<std::string> names;
  for (const Variable& variable : kept) {
    const std::string& name = variable.op().name();
    if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) continue;
    EXPECT_TRUE(names.insert(name).second) << "two variables " << name;
    const std::string what = which + name;
    if (!expected.contains(name)) {
      ADD_FAILURE() << what << " isn't there in TensorFlow";
      continue;
    }
    const nlohmann::json& same = expected[name];
    EXPECT_EQ(to_string(variable.dtype()), same["dtype"].get<std::string>()) << what;
    EXPECT_EQ(variable.shape(), Shape(same["shape"].get<std::vector<int64_t>>())) << what;
    expect_near(session.run(variable), same["values"], what);
  }
  for (const auto& [name, value] : expected.items()) {
    EXPECT_TRUE(names.contains(name)) << which << name << " is missing";
  }
}

}  // namespace tenon::models
