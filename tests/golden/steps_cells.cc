// Steps of recurrent cells and networks.
#include "tests/golden/forms.h"
#include "tests/golden/layer_fields.h"
#include "tests/golden/program.h"

namespace replay {

namespace {

namespace nn = tenon::nn;
using nn::Cell;
using nn::State;
using tenon::Input;
using tenon::Output;

Thing thing_of_state(const State& state) {
  if (!state.is_list()) return state.value();
  auto list = std::make_shared<List>();
  for (const State& part : state.parts()) list->items.push_back(thing_of_state(part));
  return list;
}

State state_of_thing(const Thing& thing) {
  if (const auto* output = std::get_if<Output>(&thing)) return *output;
  const auto* list = std::get_if<std::shared_ptr<List>>(&thing);
  if (list == nullptr) throw BadReference{};
  std::vector<State> parts;
  for (const Thing& item : (*list)->things()) parts.push_back(state_of_thing(item));
  return parts;
}

State state_of(Program& program, const Json& value) {
  if (!value.is_array()) return state_of_thing(program.thing(value));
  std::vector<State> parts;
  for (const Json& part : value) parts.push_back(state_of(program, part));
  return parts;
}

Json sizes_answer(const nn::StateSize& sizes) {
  if (!sizes.is_list()) return sizes.value();
  Json parts = Json::array();
  for (const nn::StateSize& part : sizes.parts()) parts.push_back(sizes_answer(part));
  return parts;
}

Cell cell_of(Program& program, const Json& value) {
  const Thing found = program.thing(value);
  if (const auto* layer = std::get_if<LayerPtr>(&found)) {
    if (auto cell = std::dynamic_pointer_cast<nn::RNNCell>(*layer)) return cell;
  }
  throw BadReference{};
}

template <typename CellType, typename Options>
Cell plain_cell(Program& program, const Json& step) {
  return std::make_shared<CellType>(layer_options<Options>(program, step));
}

Cell multi_cell(Program& program, const Json& step) {
  std::vector<Cell> cells;
  for (const Json& item : step.at("of")) cells.push_back(cell_of(program, item));
  return std::make_shared<nn::MultiRNNCell>(cells);
}

Cell dropout_wrapper(Program& program, const Json& step) {
  return std::make_shared<nn::DropoutWrapper>(
      cell_of(program, step.at("of")), layer_options<nn::DropoutWrapperOptions>(program, step));
}

Cell residual_wrapper(Program& program, const Json& step) {
  return std::make_shared<nn::ResidualWrapper>(cell_of(program, step.at("of")));
}

const std::map<std::string, Cell (*)(Program&, const Json&)> kCells = {
    {"BasicRNNCell", plain_cell<nn::BasicRNNCell, nn::BasicRNNCellOptions>},
    {"GRUCell", plain_cell<nn::GRUCell, nn::GRUCellOptions>},
    {"BasicLSTMCell", plain_cell<nn::BasicLSTMCell, nn::BasicLSTMCellOptions>},
    {"LSTMCell", plain_cell<nn::LSTMCell, nn::LSTMCellOptions>},
    {"MultiRNNCell", multi_cell},
    {"DropoutWrapper", dropout_wrapper},
    {"ResidualWrapper", residual_wrapper},
};

Result rnn_cell(Program& program, const Json& step) {
  const Cell cell = chosen(kCells, text(step, "cell"))(program, step);
  return {LayerPtr(cell),
          {{"kind", "rnn_cell"},
           {"state_size", sizes_answer(cell->state_size())},
           {"output_size", cell->output_size()}}};
}

Result zero_state(Program& program, const Json& step) {
  const Cell cell = cell_of(program, step.at("cell"));
  const tenon::DType dtype = dtype_from(step.value("dtype", Json("float32")));
  return described(thing_of_state(cell->zero_state(program.input(step.at("batch_size")), dtype)));
}

// [output, new state]
std::shared_ptr<List> pair_of(Thing output, const State& state) {
  auto list = std::make_shared<List>();
  list->items = {std::move(output), thing_of_state(state)};
  return list;
}

Result call_cell(Program& program, const Json& step) {
  const Cell cell = cell_of(program, step.at("cell"));
  const nn::CellResult result =
      (*cell)(program.input(step.at("in").at(0)), state_of(program, step.at("state")));
  return described(pair_of(result.output, result.state));
}

// What all networks take.
template <typename Options>
Options rnn_options(Program& program, const Json& step) {
  Options options;
  if (!field(step, "dtype").is_null()) options.dtype = dtype_from(step["dtype"]);
  if (!field(step, "sequence_length").is_null()) {
    options.sequence_length = program.input(step["sequence_length"]);
  }
  const auto read_state = [&](const char* name, std::optional<State>& to) {
    if (!field(step, name).is_null()) to = state_of(program, step[name]);
  };
  if constexpr (requires { options.initial_state; }) {
    read_state("initial_state", options.initial_state);
  } else {
    read_state("initial_state_fw", options.initial_state_fw);
    read_state("initial_state_bw", options.initial_state_bw);
  }
  if constexpr (requires { options.time_major; }) {
    options.time_major = step.value("time_major", false);
  }
  options.scope = text(step, "scope");
  return options;
}

std::vector<Input> sequence_of(Program& program, const Json& step) {
  const Json& in = step.at("in").at(0);
  if (!in.is_array()) {
    throw Mistake{"shape_incompatible", "TypeError", "Argument `inputs` must be a sequence"};
  }
  return program.inputs(in);
}

Thing static_rnn(Program& program, const Json& step, nn::RNNCell& cell) {
  const nn::StaticRnnResult result = nn::static_rnn(
      cell, sequence_of(program, step), rnn_options<nn::StaticRnnOptions>(program, step));
  return pair_of(list_of(result.outputs), result.state);
}

Thing dynamic_rnn(Program& program, const Json& step, nn::RNNCell& cell) {
  const nn::RnnResult result = nn::dynamic_rnn(cell, program.input(step.at("in").at(0)),
                                               rnn_options<nn::DynamicRnnOptions>(program, step));
  return pair_of(result.outputs, result.state);
}

Thing static_bidirectional_rnn(Program& program, const Json& step, nn::RNNCell& cell) {
  const nn::StaticBidirectionalRnnResult result = nn::static_bidirectional_rnn(
      cell, *cell_of(program, step.at("cell_bw")), sequence_of(program, step),
      rnn_options<nn::BidirectionalRnnOptions>(program, step));
  auto list = pair_of(list_of(result.outputs), result.state_fw);
  list->items.push_back(thing_of_state(result.state_bw));
  return list;
}

Thing bidirectional_dynamic_rnn(Program& program, const Json& step, nn::RNNCell& cell) {
  const nn::BidirectionalRnnResult result = nn::bidirectional_dynamic_rnn(
      cell, *cell_of(program, step.at("cell_bw")), program.input(step.at("in").at(0)),
      rnn_options<nn::BidirectionalRnnOptions>(program, step));
  return pair_of(list_of(std::vector<Output>{result.outputs_fw, result.outputs_bw}),
                 State{result.state_fw, result.state_bw});
}

const std::map<std::string, Thing (*)(Program&, const Json&, nn::RNNCell&)> kNetworks = {
    {"static_rnn", static_rnn},
    {"dynamic_rnn", dynamic_rnn},
    {"static_bidirectional_rnn", static_bidirectional_rnn},
    {"bidirectional_dynamic_rnn", bidirectional_dynamic_rnn},
};

Result rnn(Program& program, const Json& step) {
  const Cell cell = cell_of(program, step.at("cell"));
  return described(chosen(kNetworks, text(step, "rnn"))(program, step, *cell));
}

}  // namespace

const StepTable& cell_steps() {
  static const StepTable steps = {
      {"rnn_cell", rnn_cell},
      {"zero_state", zero_state},
      {"call_cell", call_cell},
      {"rnn", rnn},
  };
  return steps;
}

}  // namespace replay
