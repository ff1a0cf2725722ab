// Which values only a single operation uses.
#pragma once

#include "core/plan/write_order.h"

namespace tenon::internal {

// As the graph is when it is made; it stays right while users take their producers' places.
//
// A producer can run where its user does, and so become one with it, if nobody else uses what it
// makes, nothing waits for it, and what it reads is the same there.
class SoleUses {
 public:
  explicit SoleUses(const PlanGraph& plan);

  // The operation that makes a value which only this user, on the same device, needs; of nothing
  // where it can't run there.
  OpId producer(OpId user, ValueId value) const;

 private:
  bool reads_alike(OpId producer, OpId user) const;

  const PlanGraph& plan_;
  const WriteOrder writes_;
  IdVector<ValueId, int> uses_;
  IdVector<OpId, bool> waited_for_;
};

}  // namespace tenon::internal
