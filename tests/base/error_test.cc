#include "tenon/error.h"

#include <gtest/gtest.h>

#include <string>

namespace tenon {
namespace {

template <typename E>
class ErrorTest : public testing::Test {};

using Classes = testing::Types<ValueError, TypeError, KeyError, RuntimeError, InvalidArgumentError,
                               FailedPreconditionError, NotFoundError, OutOfRangeError,
                               ResourceExhaustedError, UnimplementedError>;
TYPED_TEST_SUITE(ErrorTest, Classes);

TYPED_TEST(ErrorTest, KeepsItsClassAndKindWhenContextIsAdded) {
  try {
    try {
      throw TypeParam(ErrorKind::no_kernel, "No kernel");
    } catch (Error& error) {
      error.add_context(" of MatMul");
      error.add_context("\n  in 'y'");
      throw;
    }
  } catch (const TypeParam& error) {
    EXPECT_EQ(error.kind(), ErrorKind::no_kernel);
    EXPECT_STREQ(error.what(), "No kernel of MatMul\n  in 'y'");
  }
}

TEST(ErrorContextTest, IsAddedToOneErrorAndNotToItsCopies) {
  ValueError error(ErrorKind::bad_argument, "wrong");
  const ValueError copy = error;
  error.add_context(" here");
  EXPECT_STREQ(error.what(), "wrong here");
  EXPECT_STREQ(copy.what(), "wrong");
  const Error longer = error;
  EXPECT_STREQ(longer.what(), "wrong here");
}

TEST(ErrorContextTest, MayBeEmptyOrAPartOfTheMessageItself) {
  ValueError error(ErrorKind::bad_argument, "wrong");
  error.add_context("");
  EXPECT_STREQ(error.what(), "wrong");
  error.add_context(error.what());
  EXPECT_STREQ(error.what(), "wrongwrong");
}

}  // namespace
}  // namespace tenon
