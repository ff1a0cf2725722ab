// assert_variables_initialized, of both kinds of variables.
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

class AssertInitializedTest : public OnAGraphOfItsOwn, public ::testing::WithParamInterface<bool> {
 protected:
  Variable made(const char* name) const {
    return Variable(Tensor({1.0F, 2.0F}), {.name = name, .use_resource = GetParam()});
  }
};

void expect_uninitialized(Session& session, const Output& question, const std::string& name) {
  expect_error<FailedPreconditionError>(ErrorKind::uninitialized, {name},
                                        [&] { session.run(question); });
  expect_error<FailedPreconditionError>(ErrorKind::uninitialized, {name},
                                        [&] { session.run(question.op()); });
}

TEST_P(AssertInitializedTest, FailsForOneVariableWithoutAValue) {
  const Variable v = made("v");
  const Output question = assert_variables_initialized({v});
  Session session;
  expect_uninitialized(session, question, "v");
  session.run(v.initializer());
  session.run(question);
}

TEST_P(AssertInitializedTest, FailsUntilTheLastOfAllHasAValue) {
  const Variable a = made("a"), b = made("b");
  const Output question = assert_variables_initialized();
  Session session;
  session.run(a.initializer());
  expect_uninitialized(session, question, "b");
  session.run(b.initializer());
  session.run(question);
}

INSTANTIATE_TEST_SUITE_P(BothKinds, AssertInitializedTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Resource" : "Reference"; });

}  // namespace
}  // namespace tenon
