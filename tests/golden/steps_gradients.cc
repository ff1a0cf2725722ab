// The step that differentiates.
#include "tests/golden/program.h"

namespace replay {

namespace {

using tenon::Output;

Result gradients(Program& program, const Json& step) {
  tenon::GradientsOptions options;
  for (const Json& item : step.value("grad_ys", Json::array())) {
    options.grad_ys.push_back(program.gradient(item));
  }
  options.stop_gradients = program.refs(step.value("stop_gradients", Json::array()));
  if (text(step, "unconnected_gradients") == "zero") {
    options.unconnected_gradients = tenon::UnconnectedGradients::ZERO;
  }
  std::vector<Output> ys;
  for (const Json& y : step.at("ys")) ys.push_back(program.output(y));
  auto list = std::make_shared<List>();
  Json items = Json::array();
  for (const Output& gradient : tenon::gradients(ys, program.refs(step.at("xs")), options)) {
    list->items.push_back(gradient ? Thing(gradient) : Thing(None{}));
    items.push_back(gradient ? describe_tensor(gradient) : describe(None{}));
  }
  return {list, {{"kind", "list"}, {"items", items}}};
}

}  // namespace

const StepTable& gradient_steps() {
  static const StepTable steps = {{"gradients", gradients}};
  return steps;
}

}  // namespace replay
