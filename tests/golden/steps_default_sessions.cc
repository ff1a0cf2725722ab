// Steps around the default session: with session.as_default(), tensor.eval(), op.run(), and the
// counter of steps.
#include "tests/golden/sessions.h"

namespace replay {

namespace {

using tenon::Feeds;
using tenon::Session;
using tenon::Tensor;

Result enter_session(Program& program, const Json& step) {
  const SessionPtr session = session_of(program, step.at("session"));
  auto entered = std::make_shared<tenon::Context>(session->enter_as_default());
  const bool closing = step.value("closing", false);
  program.contexts.emplace_back("session", tenon::Context([entered, session, closing] {
                                  entered->exit();
                                  if (closing) session->close();
                                }));
  return {session, Json::object()};
}

Result interactive_session(Program& program, const Json&) {
  const auto session = std::make_shared<tenon::InteractiveSession>(session_options(nullptr));
  program.sessions.push_back(session);
  return {SessionPtr(session), Json::object()};
}

Result get_default_session(Program&, const Json&) {
  return {None{}, {{"kind", tenon::get_default_session() ? "session" : "none"}}};
}

// Runs `in_default()` where the step names no session, else `in(session)`.
template <typename InDefault, typename In>
auto run_in(Program& program, const Json& step, InDefault in_default, In in) {
  const Json& chosen = field(step, "session");
  return chosen.is_null() ? in_default() : in(*session_of(program, chosen));
}

// Feeds can't be wrong where there is no session to feed.
Feeds feeds_for(Program& program, const Json& step) {
  const bool nowhere = field(step, "session").is_null() && !tenon::get_default_session();
  return nowhere ? Feeds() : feeds_of(program, step);
}

Result eval(Program& program, const Json& step) {
  const Thing of = program.thing(step.at("of"));
  if (const auto* variable = std::get_if<tenon::Variable>(&of)) {
    const Tensor value = run_in(
        program, step, [&] { return variable->eval(); },
        [&](Session& session) { return variable->eval(session); });
    return {None{}, {{"value", value_answer(value)}}};
  }
  const tenon::Output output = program.output(step.at("of"));
  const Feeds feeds = feeds_for(program, step);
  const Tensor value = run_in(
      program, step, [&] { return output.eval(feeds); },
      [&](Session& session) { return output.eval(feeds, session); });
  return {None{}, {{"value", value_answer(value)}}};
}

Result run_op(Program& program, const Json& step) {
  const tenon::Operation op = program.operation(step.at("of"));
  const Feeds feeds = feeds_for(program, step);
  run_in(
      program, step, [&] { op.run(feeds); }, [&](Session& session) { op.run(feeds, session); });
  return {None{}, {{"value", nullptr}}};
}

Result global_step_value(Program& program, const Json& step) {
  if (program.sessions.empty()) new_session(program, nullptr);
  const SessionPtr session = program.sessions.back();
  return {None{},
          {{"value", tenon::train::global_step(*session, program.variable(step.at("of")))}}};
}

Result assert_global_step(Program& program, const Json& step) {
  tenon::train::assert_global_step(program.variable(step.at("of")));
  return {None{}, Json::object()};
}

}  // namespace

const StepTable& default_session_steps() {
  static const StepTable steps = {
      {"enter_session", enter_session},
      {"interactive_session", interactive_session},
      {"get_default_session", get_default_session},
      {"eval", eval},
      {"run_op", run_op},
      {"global_step_value", global_step_value},
      {"assert_global_step", assert_global_step},
  };
  return steps;
}

}  // namespace replay
