// What the tests of conditionals and loops share.
#pragma once

#include <gtest/gtest.h>

#include "tenon/tenon.h"

namespace tenon {

// Each test has a graph of its own, and a session of it.
class FlowTest : public ::testing::Test {
 protected:
  Tensor run(const Fetch& fetch, const Feeds& feeds = {}) { return session_.run(fetch, feeds); }
  float number(const Fetch& fetch, const Feeds& feeds = {}) {
    return run(fetch, feeds).scalar<float>();
  }
  void initialize() { session_.run(global_variables_initializer()); }

  Graph graph_;
  ScopeGuard as_default_{graph_.enter_as_default()};
  Session session_{graph_};
  Output x_ = placeholder(float32, {});
};

}  // namespace tenon
