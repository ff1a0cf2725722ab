// What the tests of monitored sessions share.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "tenon/tenon.h"
#include "tests/testing/temporary_folder.h"

namespace tenon::train {

// A graph of each test's own, in which a training counts its steps, and a folder.
class CountingTest : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  Graph graph_;
  ScopeGuard default_ = graph_.as_default();
  Variable step_ = get_or_create_global_step();
  Output train_ = step_.assign_add(int64_t{1});
};

}  // namespace tenon::train
