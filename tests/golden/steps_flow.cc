// Steps that make conditionals and loops of sub-programs.
#include "tests/golden/nest.h"

namespace replay {

namespace {

using tenon::Input;
using tenon::Output;
using tenon::Returned;

// A sub-program as a function, and what it did when it was called.
struct Block {
  const Json* program = nullptr;
  Json answers = Json::array();
  Nest nest = {};

  Returned call(Program& in) {
    const size_t open = in.contexts.size();
    try {
      for (const Json& step : program->at("steps")) answers.push_back(in.perform(step));
    } catch (...) {
      while (in.contexts.size() > open) in.contexts.pop_back();
      throw;
    }
    std::vector<Returned::Item> items;
    nest = flattened(in, field(*program, "return"), items);
    return Returned(items);
  }
};

Thing packed(const Nest& nest, const std::vector<Output>& outputs) {
  size_t next = 0;
  return packed(nest, outputs, next);
}

// A list of one thing is that thing.
Nest without_single(Nest nest) {
  const bool is_single = nest.kind == Nest::Kind::list && nest.items.size() == 1;
  return is_single ? without_single(nest.items[0]) : nest;
}

Block identity_of(const Json& value, Json& program) {
  program = {{"steps",
              {{{"do", "op"},
                {"op", "identity"},
                {"in", Json::array({value})},
                {"as", "identity of " + value.dump()}}}},
             {"return", {{"ref", "identity of " + value.dump()}}}};
  return {.program = &program};
}

void require_same(const Nest& a, const Nest& b, const char* what) {
  if (a == b) return;
  throw Mistake{"flow_mismatch", "ValueError", std::string(what) + " differ in structure"};
}

Result cond(Program& program, const Json& step) {
  Json of_true, of_false;
  const bool by_value = step.contains("true_value");
  Block yes = by_value ? identity_of(step["true_value"], of_true) : Block{&step.at("true")},
        no = by_value ? identity_of(step.at("false_value"), of_false) : Block{&step.at("false")};
  const bool strict = step.value("strict", false);
  const auto settled = [&](const Nest& nest) { return strict ? nest : without_single(nest); };
  const std::vector<Output> outputs = tenon::internal::make_cond(
      program.input(step.at("pred")), [&] { return yes.call(program); },
      [&] {
        Returned returned = no.call(program);
        require_same(settled(yes.nest), settled(no.nest), "the branches");
        return returned;
      },
      text(step, "name"), tenon::Location::current());
  Result result = described(packed(settled(yes.nest), outputs));
  if (by_value) return result;
  result.answer["true"] = yes.answers;
  result.answer["false"] = no.answers;
  return result;
}

Result case_of(Program& program, const Json& step) {
  std::vector<Block> blocks;
  for (const Json& pair : step.at("pairs")) blocks.push_back({&pair.at(1)});
  const bool has_default = step.contains("default") && !step["default"].is_null();
  if (has_default) blocks.push_back({&step["default"]});
  const auto call = [&](size_t i) {
    Returned returned = blocks[i].call(program);
    if (!blocks[0].answers.empty()) {
      require_same(without_single(blocks[0].nest), without_single(blocks[i].nest), "the branches");
    }
    return returned;
  };
  std::vector<tenon::CaseBranch> branches;
  for (size_t i = 0; i < step["pairs"].size(); ++i) {
    branches.push_back({program.input(step["pairs"][i].at(0)), [call, i] { return call(i); }});
  }
  tenon::CaseOptions options{.exclusive = step.value("exclusive", false),
                             .name = text(step, "name")};
  if (has_default) options.otherwise = [&] { return call(blocks.size() - 1); };
  const std::vector<Output> outputs = tenon::case_(branches, options);
  Result result = described(packed(without_single(blocks[0].nest), outputs));
  result.answer["blocks"] = Json::array();
  for (const Block& block : blocks) result.answer["blocks"].push_back(block.answers);
  return result;
}

tenon::WhileLoopOptions loop_options(const Program& program, const Json& step) {
  tenon::WhileLoopOptions options{
      .back_prop = step.value("back_prop", true),
      .parallel_iterations = integer_or(step, "parallel_iterations", 10),
      .swap_memory = step.value("swap_memory", false),
      .name = text(step, "name")};
  if (const Json& most = field(step, "maximum_iterations"); !most.is_null()) {
    options.maximum_iterations = program.input(most);
  }
  for (const Json& shape : field(step, "shape_invariants")) {
    options.shape_invariants.push_back(shape_from(shape));
  }
  return options;
}

// The loop variables, under the names that a sub-program gives them.
void set_parameters(Program& program, const Json& block, const Nest& variables,
                    const std::vector<Output>& outputs) {
  const Json& names = block.at("params");
  size_t next = 0;
  for (size_t i = 0; i < std::min(names.size(), variables.items.size()); ++i) {
    program.set(names[i].get<std::string>(), packed(variables.items[i], outputs, next));
  }
}

Result while_loop(Program& program, const Json& step) {
  std::vector<Returned::Item> items;
  const Nest variables = flattened(program, step.at("vars"), items);
  std::vector<Input> initial;
  for (const Returned::Item& item : items) initial.push_back(item.value.value_or(Input(Output())));
  Block condition{&step.at("cond")}, body{&step.at("body")};
  const std::vector<Output> outputs = tenon::while_loop(
      [&](const std::vector<Output>& values) {
        set_parameters(program, *condition.program, variables, values);
        const Returned returned = condition.call(program);
        const Returned::Item& holds = item_at(returned.items(), 0);
        if (!holds.value) throw not_a_program("an operation decides nothing");
        return *holds.value;
      },
      [&](const std::vector<Output>& values) {
        set_parameters(program, *body.program, variables, values);
        Returned returned = body.call(program);
        Nest next = body.nest;
        // TensorFlow compares the keys of a map with the variables.
        if (next.kind == Nest::Kind::object) {
          next = {Nest::Kind::list, std::vector<Nest>(next.items.size()), {}};
        }
        if (next.kind != Nest::Kind::list) next = {Nest::Kind::list, {next}, {}};
        require_same(variables, next, "the loop variables and what the body answers");
        return returned;
      },
      initial, loop_options(program, step));
  const bool is_map = body.nest.kind == Nest::Kind::object;
  Thing last = packed(is_map ? body.nest : variables, outputs);
  if (!is_map && variables.items.size() == 1 && !step.value("return_same_structure", false)) {
    last = Thing(std::get<std::shared_ptr<List>>(last)->items[0]);
  }
  Result result = described(std::move(last));
  result.answer["cond"] = condition.answers;
  result.answer["body"] = body.answers;
  return result;
}

}  // namespace

const StepTable& flow_steps() {
  static const StepTable steps = {{"cond", cond}, {"case", case_of}, {"while_loop", while_loop}};
  return steps;
}

}  // namespace replay
