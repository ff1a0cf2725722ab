// Steps around the default session: with session.as_default(), tensor.eval(), op.run(), and the
// counter of steps. Tenon's sessions are named: the stack of default ones is the replayer's.
#include <algorithm>

#include "tests/golden/sessions.h"

namespace replay {

namespace {

Result enter_session(Program& program, const Json& step) {
  const SessionPtr session = session_of(program, step.at("session"));
  const bool closing = step.value("closing", false);
  program.default_sessions.push_back(session);
  program.contexts.emplace_back("session", tenon::Context([&program, session, closing] {
                                  program.default_sessions.pop_back();
                                  if (closing) session->close();
                                }));
  return {session, Json::object()};
}

// Below any session that is entered.
Result interactive_session(Program& program, const Json&) {
  const SessionPtr session = new_session(program, nullptr);
  program.default_sessions.insert(program.default_sessions.begin(), session);
  return {session, Json::object()};
}

Result get_default_session(Program& program, const Json&) {
  const bool none = program.default_sessions.empty();
  return {None{}, {{"kind", none ? "none" : "session"}}};
}

Result eval(Program& program, const Json& step) {
  const SessionPtr session = default_session(program, step);
  const auto values = fetched_by(program, step, session, step.at("of"));
  if (values.size() != 1) throw not_a_program("eval is of one tensor");
  return {None{}, {{"value", value_answer(values.front())}}};
}

Result run_op(Program& program, const Json& step) {
  fetched_by(program, step, default_session(program, step), step.at("of"));
  return {None{}, {{"value", nullptr}}};
}

Result global_step_value(Program& program, const Json& step) {
  if (program.sessions.empty()) new_session(program, nullptr);
  const SessionPtr session = program.sessions.back();
  const tenon::Tensor value = session->run(program.variable(step.at("of")));
  return {None{}, {{"value", value_answer(value).at("data")}}};
}

// tf.train.assert_global_step: what get_global_step checks of the one that there is.
Result assert_global_step(Program& program, const Json& step) {
  const tenon::Variable variable = program.variable(step.at("of"));
  if (variable.dtype() != tenon::int32 && variable.dtype() != tenon::int64) {
    throw Mistake{"dtype_incompatible", "TypeError",
                  "Existing \"global_step\" does not have integer type"};
  }
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
