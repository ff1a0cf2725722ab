// Regularizers by themselves, added up, and applied to given variables.
#include <string>
#include <vector>

#include "tests/testing/errors.h"
#include "tests/variables/variables_testing.h"

namespace tenon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class RegularizersTest : public OnAGraphOfItsOwn {
 protected:
  Variable weights(const char* name, const Regularizer& regularizer = {}) {
    return get_variable(name,
                        {.initializer = Tensor({-1.0f, 2.0f, -3.0f}), .regularizer = regularizer});
  }

  static float value_of(const Output& loss) {
    Session session;
    session.run(global_variables_initializer());
    return session.run(loss).scalar<float>();
  }

  static std::vector<std::string> names_of_losses() {
    std::vector<std::string> names;
    for (const Output& loss : losses::get_regularization_losses()) names.push_back(loss.name());
    return names;
  }
};

TEST_F(RegularizersTest, AScaleOfZeroIsNoLoss) {
  weights("a", l1_regularizer(0));
  weights("b", l2_regularizer(0));
  weights("c", l1_l2_regularizer(0, 0));
  weights("d", sum_regularizer({}));
  weights("e", sum_regularizer({Regularizer(), no_regularizer}));
  EXPECT_THAT(names_of_losses(), IsEmpty());
}

TEST_F(RegularizersTest, AScaleBelowZeroIsRefused) {
  EXPECT_ERROR(l1_regularizer(-0.5), ValueError, bad_argument, "l1_regularizer must be 0 or more");
  EXPECT_ERROR(l2_regularizer(-1), ValueError, bad_argument, "not -1");
  EXPECT_ERROR(l1_l2_regularizer(1, -1), ValueError, bad_argument, "l2_regularizer");
}

// The names are those of tf.contrib.layers.
TEST_F(RegularizersTest, BothPenaltiesAreAddedUp) {
  weights("w", l1_l2_regularizer(0.5, 2));
  EXPECT_THAT(names_of_losses(), ElementsAre("w/Regularizer/l1_l2_regularizer:0"));
  EXPECT_FLOAT_EQ(value_of(losses::get_regularization_losses()[0]), 0.5f * 6 + 2 * 14 / 2.0f);
  EXPECT_EQ(graph.operation("w/Regularizer/l1_l2_regularizer/l1_regularizer").type(), "Mul");
}

TEST_F(RegularizersTest, OnePenaltyOfTwoIsThatOne) {
  weights("a", l1_l2_regularizer(0.5, 0));
  weights("b", sum_regularizer({no_regularizer, l2_regularizer(1)}));
  EXPECT_THAT(names_of_losses(), ElementsAre("a/Regularizer/l1_regularizer:0",
                                             "b/Regularizer/sum_regularizer/l2_regularizer:0"));
  EXPECT_FLOAT_EQ(value_of(losses::get_regularization_losses()[1]), 7);
}

TEST_F(RegularizersTest, SumsHaveTheNameThatTheyAreGiven) {
  weights("w", sum_regularizer({l1_regularizer(1), l1_regularizer(2)}, "twice"));
  EXPECT_THAT(names_of_losses(), ElementsAre("w/Regularizer/twice:0"));
  EXPECT_FLOAT_EQ(value_of(losses::get_regularization_losses()[0]), 18);
}

TEST_F(RegularizersTest, AreAppliedToTheWeightsThatAreGivenOrListed) {
  const Variable a = weights("a"), b = weights("b");
  const Output given = apply_regularization(l1_regularizer(1), {a, b});
  EXPECT_EQ(given.name(), "get_regularization_penalty:0");
  EXPECT_THAT(names_of_losses(), ElementsAre("get_regularization_penalty:0"));
  EXPECT_FLOAT_EQ(value_of(given), 12);
  add_to_collection(GraphKeys::WEIGHTS, b);
  const Output listed = apply_regularization(l2_regularizer(1));
  EXPECT_EQ(listed.name(), "get_regularization_penalty_1:0");
  EXPECT_FLOAT_EQ(value_of(listed), 7);
  EXPECT_FLOAT_EQ(value_of(apply_regularization(no_regularizer, {a, b})), 0);
}

TEST_F(RegularizersTest, WhatCannotBeAppliedIsRefused) {
  EXPECT_ERROR(apply_regularization(l1_regularizer(1)), ValueError, bad_argument,
               "No weights to regularize");
  const Variable a = weights("a");
  EXPECT_ERROR(apply_regularization({}, {a}), ValueError, bad_argument, "needs a regularizer");
  EXPECT_ERROR(apply_regularization([](const Variable& v) { return abs(v); }, {a}), ValueError,
               shape_incompatible, "shape (3,), for variable a:0");
  EXPECT_THAT(names_of_losses(), IsEmpty());
}

}  // namespace
}  // namespace tenon
