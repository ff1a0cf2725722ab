// Guards, and operations that wait for others.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

using tenon::Input;

Thing tuple(const OpCall& call) {
  std::vector<Input> tensors;
  for (const Json& item : call.json(0)) {
    tensors.push_back(item.is_null() ? Input(tenon::Output()) : call.program().input(item));
  }
  std::vector<tenon::ControlInput> controls;
  if (call.has("control_inputs") && !call.attribute("control_inputs").is_null()) {
    for (const Json& input : call.attribute("control_inputs")) {
      controls.emplace_back(call.program().operation(input));
    }
  }
  return list_of(tenon::tuple(tensors, controls, call.options()));
}

Thing with_dependencies(const OpCall& call) {
  std::vector<tenon::ControlInput> dependencies;
  for (const Json& one : call.json(0)) dependencies.emplace_back(call.program().operation(one));
  return tenon::with_dependencies(dependencies, call.input(1), call.options());
}

Thing print(const OpCall& call) {
  return tenon::Print(call.input(0), call.list(1), {.message = "golden: ", .name = call.name()});
}

Thing assert_that(const OpCall& call) {
  return tenon::Assert(call.input(0), call.list(1),
                       {.summarize = call.integer("summarize", 3), .name = call.name()});
}

tenon::GuardOptions guard_options(const OpCall& call) {
  tenon::GuardOptions options{.name = call.name()};
  if (call.has("message")) options.message = call.attribute("message").get<std::string>();
  return options;
}

template <auto guard>
Thing guard_of_two(const OpCall& call) {
  return guard(call.input(0), call.input(1), guard_options(call), tenon::Location::current());
}

template <auto guard>
Thing guard_of_one(const OpCall& call) {
  return guard(call.input(0), guard_options(call), tenon::Location::current());
}

Thing assert_rank(const OpCall& call) {
  return tenon::assert_rank(call.input(0), count_from(call.json(1)), guard_options(call));
}

}  // namespace

const OpTable& flow_ops() {
  static const OpTable ops = {
      {"tuple", tuple},
      {"with_dependencies", with_dependencies},
      {"Print", print},
      {"Assert", assert_that},
      {"assert_equal", guard_of_two<tenon::assert_equal>},
      {"assert_less", guard_of_two<tenon::assert_less>},
      {"assert_less_equal", guard_of_two<tenon::assert_less_equal>},
      {"assert_greater", guard_of_two<tenon::assert_greater>},
      {"assert_positive", guard_of_one<tenon::assert_positive>},
      {"assert_non_negative", guard_of_one<tenon::assert_non_negative>},
      {"assert_rank", assert_rank},
      {"assert_integer", guard_of_one<tenon::assert_integer>},
  };
  return ops;
}

}  // namespace replay
