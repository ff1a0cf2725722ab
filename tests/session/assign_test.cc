// Assignments between variables: of both kinds, through everything that passes memory on, in runs
// and callables, on the CPU and across emulated GPUs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tenon/tenon.h"

namespace tenon {
namespace {

using ::testing::ElementsAre;

struct Places {
  const char* from;
  const char* to;
  int gpus;
};

// What stands between the variable that is read and the one that is assigned.
struct Way {
  const char* name;
  Output (*of)(const Variable&);
};

const Way kWays[] = {
    {"Itself", [](const Variable& v) { return static_cast<Output>(v); }},
    {"ReadValue", [](const Variable& v) { return v.read_value(); }},
    {"Identity", [](const Variable& v) { return identity(v); }},
    {"Reshape",
     [](const Variable& v) {
       return reshape(reshape(v, {1, 3}), {3});
     }},
    {"ExpandAndSqueeze", [](const Variable& v) { return squeeze(expand_dims(v, 0)); }},
    {"StopGradient", [](const Variable& v) { return stop_gradient(v); }},
    {"Computed", [](const Variable& v) { return v * 1.0f; }},
};

using Case = std::tuple<bool, bool, Places, Way>;  // kind of the source, of the target

class AssignTest : public testing::TestWithParam<Case> {
 protected:
  AssignTest() {
    const auto& [source, target, places, way] = GetParam();
    {
      auto on = device(places.from);
      a_ = get_variable(
          "a", {.shape = {3}, .initializer = constant_initializer(7.0), .use_resource = source});
    }
    {
      auto on = device(places.to);
      b_ = get_variable(
          "b", {.shape = {3}, .initializer = constant_initializer(2.0), .use_resource = target});
    }
    assign_ = b_.assign(way.of(a_));
  }
  Session session() const {
    return Session(graph_, {.emulated_gpus = std::get<2>(GetParam()).gpus});
  }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Variable a_, b_;
  Output assign_;
};

TEST_P(AssignTest, GivesTheValueInARun) {
  Session session = this->session();
  session.run(global_variables_initializer());
  EXPECT_THAT(session.run(assign_).to_vector<float>(), ElementsAre(7, 7, 7));
  EXPECT_THAT(session.run(b_).to_vector<float>(), ElementsAre(7, 7, 7));
  EXPECT_THAT(session.run(a_).to_vector<float>(), ElementsAre(7, 7, 7));
}

TEST_P(AssignTest, GivesTheValueInACallable) {
  Session session = this->session();
  session.run(global_variables_initializer());
  const Output more = a_.assign_add(ones({3}));
  const Callable add = session.make_callable({}, {}, {more.op()});
  const Callable copy = session.make_callable({}, {}, {assign_.op()});
  for (int i = 1; i <= 3; ++i) {
    const auto value = static_cast<float>(7 + i);
    add({});
    copy({});
    EXPECT_THAT(session.run(b_).to_vector<float>(), ElementsAre(value, value, value));
  }
}

// The two kinds, and memory of the value's own: a later change of one doesn't show in the other.
TEST_P(AssignTest, LeavesEachItsOwnMemory) {
  Session session = this->session();
  session.run(global_variables_initializer());
  session.run(assign_);
  session.run(a_.assign_add(ones({3})));
  EXPECT_THAT(session.run(b_).to_vector<float>(), ElementsAre(7, 7, 7));
  session.run(b_.assign_sub(ones({3})));
  EXPECT_THAT(session.run(a_).to_vector<float>(), ElementsAre(8, 8, 8));
}

std::string name_of(const testing::TestParamInfo<AssignTest::ParamType>& of) {
  const auto& [source, target, places, way] = of.param;
  std::string name = std::string(source ? "Resource" : "Reference") + "To" +
                     (target ? "Resource" : "Reference") + "From" + places.from + "To" + places.to +
                     way.name;
  std::erase_if(name, [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); });
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    BothKinds, AssignTest,
    testing::Combine(testing::Bool(), testing::Bool(),
                     testing::Values(Places{"/cpu:0", "/cpu:0", 0},
                                     Places{"/device:GPU:0", "/device:GPU:0", 1},
                                     Places{"/device:GPU:0", "/device:GPU:1", 2},
                                     Places{"/cpu:0", "/device:GPU:0", 1},
                                     Places{"/device:GPU:0", "/cpu:0", 1}),
                     testing::ValuesIn(kWays)),
    name_of);

// The dtype of what is assigned is the value's, not that of the memory that it lies in.
TEST(AssignResourceTest, KeepsEveryDtype) {
  for (const DType dtype : {float16, bfloat16, float32, float64, int8, uint8, int16, uint16, int32,
                            uint32, int64, uint64, DType::bool_}) {
    const Graph graph;
    const ScopeGuard as_default = graph.as_default();
    const Variable a(cast(constant(Tensor({1.0f, 0.0f, 1.0f})), dtype),
                     {.name = "a", .use_resource = true});
    const Variable b(zeros({3}, dtype), {.name = "b", .use_resource = true});
    Session session;
    session.run(global_variables_initializer());
    session.run(b.assign(a));
    EXPECT_THAT(session.run(cast(b, float32)).to_vector<float>(), ElementsAre(1, 0, 1))
        << to_string(dtype);
    const std::vector<Allocation> allocations = session.variable_allocations();
    ASSERT_EQ(allocations.size(), 2u);
    EXPECT_EQ(allocations[1].dtype, dtype);
    EXPECT_EQ(allocations[0].bytes, allocations[1].bytes) << to_string(dtype);
  }
}

}  // namespace
}  // namespace tenon
