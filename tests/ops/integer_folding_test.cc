// What is worked out of constants while a graph or a plan is made is what kernels compute.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/graph/builder.h"
#include "core/graph/op_def.h"
#include "tenon/ops.h"
#include "tests/testing/errors.h"
#include "tests/testing/op_cases.h"

namespace tenon::testing {
namespace {

using internal::OpRegistry;
using internal::RegisteredOp;

template <typename T>
std::vector<T> extremes() {
  constexpr T kLeast = std::numeric_limits<T>::min(), kMost = std::numeric_limits<T>::max();
  std::vector<T> numbers = {
      kLeast, static_cast<T>(kLeast + 1), kMost, static_cast<T>(kMost - 1), 0, 1, 2, 3,
      7,      static_cast<T>(kMost / 2)};
  if (std::is_signed_v<T>) {
    for (const int number : {-1, -2, -3, -7}) numbers.push_back(static_cast<T>(number));
  }
  return numbers;
}

// All pairs of extreme numbers, as two vectors; without those that the operation refuses.
template <typename T>
std::pair<Tensor, Tensor> all_pairs(const std::string& op) {
  const bool divides = op.find("Div") != std::string::npos || op.find("Mod") != std::string::npos;
  std::vector<T> x, y;
  for (const T a : extremes<T>()) {
    for (const T b : extremes<T>()) {
      if ((divides && b == 0) || (op == "Pow" && b < 0)) continue;
      x.push_back(a);
      y.push_back(b);
    }
  }
  const Shape shape{static_cast<int64_t>(x.size())};
  return {Tensor::from<T>(x, shape), Tensor::from<T>(y, shape)};
}

bool takes(const RegisteredOp& op, DType dtype) {
  const auto types = op.types.find("T");
  return types != op.types.end() &&
         std::find(types->second.begin(), types->second.end(), dtype) != types->second.end();
}

void expect_same_bytes(const Tensor& folded, const Tensor& computed, const std::string& what) {
  ASSERT_EQ(folded.dtype(), computed.dtype()) << what;
  ASSERT_EQ(folded.shape(), computed.shape()) << what;
  EXPECT_EQ(std::string(static_cast<const char*>(folded.raw()), folded.bytes()),
            std::string(static_cast<const char*>(computed.raw()), computed.bytes()))
      << what << ": " << folded << " of constants, " << computed << " of what is fed";
}

template <typename T>
void compare_all(const std::string& name) {
  const RegisteredOp& op = *OpRegistry::global().find(name);
  const auto [x, y] = all_pairs<T>(name);
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  std::vector<Output> fed;
  std::vector<internal::InputList> constants, placeholders;
  Feeds feeds;
  for (size_t i = 0; i < op.input_args.size(); ++i) {
    const Tensor& value = i == 0 ? x : y;
    fed.push_back(placeholder(value.dtype(), value.shape()));
    placeholders.emplace_back(fed.back());
    constants.emplace_back(constant(value));
    feeds.push_back({fed.back(), value});
  }
  Session session(graph);
  const Tensor folded = session.run(internal::add_output(name, constants));
  expect_same_bytes(folded, session.run(internal::add_output(name, placeholders), feeds),
                    name + " of " + std::string(to_string(x.dtype())));
}

TEST(IntegerFoldingTest, EveryOperationOfConstantsIsThatOfFedValues) {
  int compared = 0;
  for (const std::string& name : OpRegistry::global().names()) {
    const RegisteredOp& op = *OpRegistry::global().find(name);
    const bool plain = op.elementwise != nullptr && op.writes.empty() &&
                       op.input_args.size() <= 2 && op.input_args[0].type_attr == "T" &&
                       op.input_args[0].number_attr.empty() &&
                       op.defaults.find("alpha") == nullptr && name != "Reciprocal";
    if (!plain || op.input_args.back().type_attr != "T") continue;
    if (takes(op, int32)) compare_all<int32_t>(name);
    if (takes(op, int64)) compare_all<int64_t>(name);
    if (takes(op, int8)) compare_all<int8_t>(name);
    if (takes(op, int16)) compare_all<int16_t>(name);
    if (takes(op, uint8)) compare_all<uint8_t>(name);
    if (takes(op, uint32)) compare_all<uint32_t>(name);
    if (takes(op, uint64)) compare_all<uint64_t>(name);
    compared += takes(op, int32) || takes(op, int64) ? 1 : 0;
  }
  EXPECT_GE(compared, 20);
}

int64_t floor_quotient(int64_t a, int64_t b) {
  __extension__ using Wide = __int128;
  Wide quotient = Wide{a} / b;
  if (Wide{a} % b != 0 && (a < 0) != (b < 0)) --quotient;
  return static_cast<int64_t>(quotient);
}

// Values by arithmetic of 128 bits, brought back into 64.
TEST(IntegerFoldingTest, FloorDivisionOfConstantsIsRight) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const auto [x, y] = all_pairs<int64_t>("FloorDiv");
  Session session(graph);
  const Tensor quotient = session.run(floordiv(constant(x), constant(y)));
  const Tensor rest = session.run(mod(constant(x), constant(y)));
  for (size_t i = 0; i < x.data<int64_t>().size(); ++i) {
    const int64_t a = x.data<int64_t>()[i], b = y.data<int64_t>()[i];
    const int64_t expected = floor_quotient(a, b);
    EXPECT_EQ(quotient.data<int64_t>()[i], expected) << a << " // " << b;
    const auto left =
        static_cast<uint64_t>(a) - static_cast<uint64_t>(expected) * static_cast<uint64_t>(b);
    EXPECT_EQ(rest.data<int64_t>()[i], static_cast<int64_t>(left)) << a << " % " << b;
  }
}

TEST(IntegerFoldingTest, DivisionOfConstantsByZeroFailsWhenItRuns) {
  const Graph graph;
  const ScopeGuard as_default = graph.as_default();
  const Output quotient = floordiv(constant(7), constant(0)), rest = mod(constant(7), constant(0));
  EXPECT_ERROR(run(quotient), InvalidArgumentError, bad_argument, "Integer division by zero");
  EXPECT_ERROR(run(rest), InvalidArgumentError, bad_argument, "Integer division by zero");
}

}  // namespace
}  // namespace tenon::testing
