// What the tests of whole models share: the numbers that a model starts from and is fed, by the
// formula of make.py, and the comparison with what TensorFlow made of the same model.
//
//   TEST_P(ModelTest, Regression) {                      // for both kinds of variables, everywhere
//     ...
//     Comparison tensorflow("regression");               // data/regression.json
//     Session session(options());
//     session.run(global_variables_initializer());
//     for (int i = 0; i < 30; ++i) {
//       tensorflow.step(session.run({loss, train}, {{x, numbers({4, 2}, i)}}));
//     }
//     tensorflow.variables(session);
//   }
#pragma once

#include <gtest/gtest.h>
#include <tenon/tenon.h>

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

namespace tenon::models {

// Numbers between -scale and scale that look like drawn by lot, and whole numbers from 0 to n - 1.
Tensor numbers(const Shape& shape, int64_t seed, double scale = 1.0);
Tensor choices(const Shape& shape, int64_t seed, int64_t n, DType dtype = int32);
// The same numbers as a first value; a part of a partitioned variable takes its share of the whole.
Initializer start(int64_t seed, double scale = 0.5);

// x [N, inputs] times `name`/weights, plus `name`/biases.
Output dense(const Output& x, int64_t units, const std::string& name, int64_t seed,
             double scale = 0.5);

enum class Place {
  Cpu,     // no GPU
  Gpu,     // all that asks for nothing is on an emulated GPU
  Strewn,  // operations and variables are strewn over the CPU and two emulated GPUs
};

struct Setting {
  bool use_resource;
  Place place;
};
std::ostream& operator<<(std::ostream& out, const Setting& setting);

class ModelTest : public testing::TestWithParam<Setting> {
 protected:
  ModelTest();
  // Of the sessions: operations that ask for a GPU that isn't there are put elsewhere.
  static SessionOptions options();

 private:
  Graph graph_;
  ScopeGuard as_default_;
  ScopeGuard device_;
};

// What TensorFlow gave for a model, compared with what is told here.
class Comparison {
 public:
  explicit Comparison(const std::string& model);
  // Fails the test unless all steps and variables were compared.
  ~Comparison();
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  // The values of the next step; those of operations (empty tensors) are passed over.
  void step(std::span<const Tensor> values);
  void step(std::initializer_list<Tensor> values) { step({values.begin(), values.size()}); }
  // All global and local variables that the session has initialised, by name, shape and value.
  void variables(Session& session, const std::string& moment = "end");

 private:
  std::string model_;
  nlohmann::json expected_;
  size_t steps_ = 0, moments_ = 0;
};

}  // namespace tenon::models
