// What a run needs for the bodies in it (core/plan/bodies.h).
#pragma once

#include "core/plan/bodies.h"
#include "core/session/run_call.h"

namespace tenon::internal {

// Runs bodies inside of a run that holds the locks of all their variables.
class BodyRunner {
 public:
  virtual ~BodyRunner() = default;
  // Results stay in the memory that they are made in; one that a branch not taken would have made
  // is empty.
  virtual void run_body(const BodyCall& body, const RunCall& call) = 0;
  // What operations keep in the session.
  virtual KeptThings& kept() = 0;
};

}  // namespace tenon::internal
