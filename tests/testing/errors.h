// Expecting an error by its class, kind and message.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tenon/error.h"

// EXPECT_ERROR(get_variable("w"), ValueError, no_shape, "part of the message")
#define EXPECT_ERROR(statement, type, error_kind, part)                                   \
  try {                                                                                   \
    static_cast<void>(statement);                                                         \
    ADD_FAILURE() << #statement " threw nothing";                                         \
  } catch (const ::tenon::type& error) {                                                  \
    EXPECT_EQ(::tenon::to_string(error.kind()),                                           \
              ::tenon::to_string(::tenon::ErrorKind::error_kind));                        \
    EXPECT_THAT(error.what(), ::testing::HasSubstr(part));                                \
  } catch (const std::exception& error) {                                                 \
    ADD_FAILURE() << #statement " threw something else than " #type ": " << error.what(); \
  }                                                                                       \
  static_assert(true)

// EXPECT_MOVED_FROM(session.run(x)): of what was moved from nothing can be had but an error.
#define EXPECT_MOVED_FROM(statement) \
  EXPECT_ERROR(statement, FailedPreconditionError, closed, "moved from")
