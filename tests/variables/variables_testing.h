// What the tests of variables share: a graph of each test's own, and errors told apart.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tenon/tenon.h"

namespace tenon {

class OnAGraphOfItsOwn : public testing::Test {
 protected:
  std::vector<std::string> operations() const {
    std::vector<std::string> names;
    for (const Operation& op : graph.operations()) names.push_back(op.name());
    return names;
  }

  Graph graph;

 private:
  ScopeGuard as_default_{graph.enter_as_default()};
};

// Writes to variables of both kinds: the parameter says whether they are resource variables.
class WritesTest : public OnAGraphOfItsOwn, public testing::WithParamInterface<bool> {
 protected:
  Variable made(const Tensor& value) const {
    return Variable(value, {.name = "v", .use_resource = GetParam()});
  }
  // What fetching the write gives; the variable then holds it.
  static std::vector<float> written(const Variable& variable, const Output& write,
                                    const SessionOptions& options = {}) {
    Session session(options);
    session.run(global_variables_initializer());
    const Tensor answer = session.run(write), held = session.run(variable.read_value());
    EXPECT_THAT(held.data<float>(), testing::ElementsAreArray(answer.data<float>()));
    return answer.to_vector<float>();
  }
};

// The variable "w" of the scope in force, a vector.
inline Variable get_w(int64_t size = 1) { return get_variable("w", {.shape = {size}}); }

inline std::vector<std::string> names_of(const std::vector<Variable>& variables) {
  std::vector<std::string> names;
  for (const Variable& variable : variables) names.push_back(variable.name());
  return names;
}

// That `call` throws E of that kind, with each of the texts in its message.
template <typename E, typename Call>
void expect_error(ErrorKind kind, const std::vector<std::string>& texts, Call call) {
  try {
    call();
    ADD_FAILURE() << "nothing was thrown, " << to_string(kind) << " was expected";
  } catch (const E& error) {
    EXPECT_EQ(to_string(error.kind()), to_string(kind)) << error.what();
    for (const std::string& text : texts) {
      EXPECT_THAT(std::string(error.what()), testing::HasSubstr(text));
    }
  } catch (const Error& error) {
    ADD_FAILURE() << "an error of another class: " << to_string(error.kind()) << ": "
                  << error.what();
  }
}

}  // namespace tenon
