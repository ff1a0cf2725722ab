// Steps that make sessions and run them.
#include <cstdlib>

#include "tests/golden/sessions.h"

namespace replay {

namespace {

using tenon::DType;
using tenon::Fetch;
using tenon::Tensor;

SessionPtr current_session(Program& program, const Json& step) {
  const Json& chosen = field(step, "session");
  if (!chosen.is_null()) return session_of(program, chosen);
  return program.sessions.empty() ? new_session(program, nullptr) : program.sessions.back();
}

// The things to fetch, in the order of the leaves of a structure.
void add_fetches(const Thing& thing, std::vector<Fetch>& fetches) {
  if (const auto* output = std::get_if<tenon::Output>(&thing)) {
    fetches.emplace_back(*output);
  } else if (const auto* op = std::get_if<tenon::Operation>(&thing)) {
    fetches.emplace_back(*op);
  } else if (const auto* variable = std::get_if<tenon::Variable>(&thing)) {
    fetches.emplace_back(*variable);
  } else if (const auto* sparse = std::get_if<std::shared_ptr<tenon::SparseTensor>>(&thing)) {
    for (const tenon::Output& part :
         {(*sparse)->indices(), (*sparse)->values(), (*sparse)->dense_shape()}) {
      fetches.emplace_back(part);
    }
  } else if (const auto* rows = std::get_if<std::shared_ptr<RowGradient>>(&thing)) {
    fetches.emplace_back((*rows)->values);
    fetches.emplace_back((*rows)->indices);
    if ((*rows)->dense) fetches.emplace_back(tenon::shape((*rows)->dense));
    if ((*rows)->dense_shape) fetches.emplace_back((*rows)->dense_shape);
  } else if (const auto* list = std::get_if<std::shared_ptr<List>>(&thing)) {
    for (const Thing& item : (*list)->things()) add_fetches(item, fetches);
  } else if (const auto* name = std::get_if<Json>(&thing); name != nullptr && name->is_string()) {
    fetches.emplace_back(name->get<std::string>());
  } else {
    throw Mistake{"bad_fetch", "TypeError", "a fetch is a tensor, an operation or a name"};
  }
}

bool is_leaf(const Json& fetch) { return !fetch.is_structured() || fetch.contains("ref"); }

void collect_fetches(Program& program, const Json& fetch, std::vector<Fetch>& fetches) {
  if (is_leaf(fetch)) return add_fetches(program.thing(fetch), fetches);
  for (const Json& item : fetch) collect_fetches(program, item, fetches);
}

Json answer_of(const Thing& thing, const std::vector<Tensor>& values, size_t& next) {
  const auto* list = std::get_if<std::shared_ptr<List>>(&thing);
  const auto* rows = std::get_if<std::shared_ptr<RowGradient>>(&thing);
  if (rows != nullptr || std::holds_alternative<std::shared_ptr<tenon::SparseTensor>>(thing)) {
    Json parts = Json::array();
    const bool has_shape = rows == nullptr || (*rows)->dense || (*rows)->dense_shape;
    for (int i = 0; i < (has_shape ? 3 : 2); ++i) parts.push_back(value_answer(values[next++]));
    if (!has_shape) parts.push_back(nullptr);
    return parts;
  }
  if (list == nullptr) return value_answer(values[next++]);
  const std::vector<std::string>& keys = (*list)->keys;
  Json answers = keys.empty() ? Json::array() : Json::object();
  for (const Thing& item : (*list)->things()) {
    Json answer = answer_of(item, values, next);
    if (keys.empty()) {
      answers.push_back(std::move(answer));
    } else {
      answers[keys[answers.size()]] = std::move(answer);
    }
  }
  return answers;
}

// The values in the structure of the fetch.
Json structured(Program& program, const Json& fetch, const std::vector<Tensor>& values,
                size_t& next) {
  if (is_leaf(fetch)) return answer_of(program.thing(fetch), values, next);
  Json answers = fetch.is_array() ? Json::array() : Json::object();
  for (const auto& [key, item] : fetch.items()) {
    Json answer = structured(program, item, values, next);
    if (fetch.is_array()) {
      answers.push_back(std::move(answer));
    } else {
      answers[key] = std::move(answer);
    }
  }
  return answers;
}

// The dtype of what a name stands for; that of `value` where it stands for nothing.
DType dtype_of_name(const Program& program, const std::string& name, const Tensor& value) {
  try {
    return program.graph.tensor(name).dtype();
  } catch (const tenon::Error&) {
    return value.dtype();
  }
}

tenon::Feed feed_of(Program& program, const Json& pair) {
  const Thing key = program.thing(pair.at(0));
  const Json& given = pair.at(1);
  if (given.is_object() && given.contains("ref")) {
    program.thing(given);
    throw Mistake{"bad_feed", "TypeError", "a symbolic tensor can't be fed"};
  }
  const Tensor value = is_typed_literal(given) ? typed_literal(given) : plain_literal(given);
  // TensorFlow's session converts what it is fed; the fuzzer's programs feed Tenon other dtypes.
  const bool as_is = is_typed_literal(given) && field(given, "as_is") == true;
  const auto fed_as = [&](DType dtype) { return as_is ? value : converted(value, dtype); };
  if (const auto* output = std::get_if<tenon::Output>(&key)) {
    return {*output, fed_as(output->dtype())};
  }
  if (const auto* variable = std::get_if<tenon::Variable>(&key)) {
    return {*variable, fed_as(variable->dtype())};
  }
  if (const auto* name = std::get_if<Json>(&key); name != nullptr && name->is_string()) {
    const auto text = name->get<std::string>();
    return {text, fed_as(dtype_of_name(program, text, value))};
  }
  throw Mistake{"bad_feed", "TypeError", "what is fed is a tensor or a tensor's name"};
}

void note_plan(tenon::Session& session, const std::vector<Fetch>& fetches,
               const tenon::Feeds& feeds, Json& plans) {
  try {
    plans.push_back(session.plan_text(fetches, feeds));
  } catch (const tenon::Error& error) {
    plans.push_back(error.what());
  }
}

}  // namespace

// Golden programs were answered on a machine with one CPU and no GPU, whatever this one has; on
// emulated GPUs they run where these are asked for.
tenon::SessionOptions session_options(const Json& config) {
  tenon::SessionOptions options;
  options.device_count = {{"CPU", 1}};
  if (std::getenv("TENON_EMULATED_GPUS") == nullptr) options.device_count["GPU"] = 0;
  options.threads = 1;
  if (config.is_null()) return options;
  const Json counts = config.value("device_count", Json::object());
  for (const auto& [type, count] : counts.items()) {
    options.device_count[type] = count_from(count);
  }
  options.allow_soft_placement = config.value("allow_soft_placement", false);
  return options;
}

tenon::Feeds feeds_of(Program& program, const Json& step) {
  tenon::Feeds feeds;
  for (const Json& pair : step.value("feed", Json::array())) {
    feeds.push_back(feed_of(program, pair));
  }
  return feeds;
}

namespace {

std::vector<Tensor> fetched(Program& program, const Json& step) {
  const SessionPtr session = current_session(program, step);
  std::vector<Fetch> fetches;
  tenon::Feeds feeds;
  try {
    feeds = feeds_of(program, step);
    collect_fetches(program, step.at("fetch"), fetches);
  } catch (const Mistake&) {
    session->run(std::vector<Fetch>{});  // a closed session is what TensorFlow sees first
    throw;
  }
  if (program.plans != nullptr) note_plan(*session, fetches, feeds, *program.plans);
  return session->run(fetches, feeds);
}

}  // namespace

SessionPtr session_of(Program& program, const Json& reference) {
  const Thing found = program.thing(reference);
  if (const auto* session = std::get_if<SessionPtr>(&found)) return *session;
  throw BadReference{};
}

SessionPtr new_session(Program& program, const Json& config) {
  auto session = std::make_shared<tenon::Session>(program.graph, session_options(config));
  program.sessions.push_back(session);
  return session;
}

namespace {

Result make_session(Program& program, const Json& step) {
  return {new_session(program, field(step, "config")), Json::object()};
}

Result run(Program& program, const Json& step) {
  const std::vector<Tensor> values = fetched(program, step);
  size_t next = 0;
  return {None{}, {{"value", structured(program, step.at("fetch"), values, next)}}};
}

Result run_stats(Program& program, const Json& step) {
  const std::vector<Tensor> values = fetched(program, step);
  if (values.empty() || !values.front()) throw not_a_program("run_stats fetches one tensor");
  return {None{}, {{"stats", stats_answer(values.front(), field(step, "bounds"))}}};
}

Result load(Program& program, const Json& step) {
  tenon::Variable variable = program.variable(step.at("of"));
  const Json& value = step.at("value");
  const Tensor tensor = is_typed_literal(value) ? typed_literal(value) : plain_literal(value);
  const Tensor loaded = converted(tensor, variable.dtype());
  step.value("default", false) ? variable.load(loaded)
                               : variable.load(loaded, *current_session(program, step));
  return {None{}, Json::object()};
}

Result close_session(Program& program, const Json& step) {
  current_session(program, step)->close();
  return {None{}, Json::object()};
}

}  // namespace

const StepTable& session_steps() {
  static const StepTable steps = {
      {"session", make_session},        {"run", run}, {"run_stats", run_stats}, {"load", load},
      {"close_session", close_session},
  };
  return steps;
}

}  // namespace replay
