// Operations on elements and rows by their numbers.
#include "tests/golden/op_call.h"

namespace replay {

namespace {

using tenon::Input;
using tenon::OpOptions;
using tenon::Output;

using ByIds = Output (*)(Input, Input, const OpOptions&);
template <ByIds function>
Thing by_ids(const OpCall& call) {
  return function(call.input(0), call.input(1), call.options());
}

using ByThree = Output (*)(Input, Input, Input, const OpOptions&);
template <ByThree function>
Thing by_three(const OpCall& call) {
  return function(call.input(0), call.input(1), call.input(2), call.options());
}

Thing scatter_nd(const OpCall& call) {
  return tenon::scatter_nd(call.input(0), call.input(1), call.sizes(2), call.options());
}

Thing boolean_mask(const OpCall& call) {
  return tenon::boolean_mask(call.input(0), call.input(1),
                             {.axis = call.integer("axis", 0), .name = call.name()});
}

Thing unique(const OpCall& call) {
  const tenon::Unique found = tenon::unique(call.input(0), {.name = call.name()});
  return list_of(std::vector<Output>{found.y, found.idx});
}

Thing dynamic_partition(const OpCall& call) {
  return list_of(tenon::dynamic_partition(call.input(0), call.input(1), integer_from(call.json(2)),
                                          call.options()));
}

Thing dynamic_stitch(const OpCall& call) {
  return tenon::dynamic_stitch(call.list(0), call.list(1), call.options());
}

}  // namespace

const OpTable& index_ops() {
  static const OpTable ops = {
      {"gather_nd", by_ids<tenon::gather_nd>},
      {"scatter_nd", scatter_nd},
      {"boolean_mask", boolean_mask},
      {"unique", unique},
      {"dynamic_partition", dynamic_partition},
      {"dynamic_stitch", dynamic_stitch},
      {"segment_sum", by_ids<tenon::segment_sum>},
      {"segment_mean", by_ids<tenon::segment_mean>},
      {"segment_max", by_ids<tenon::segment_max>},
      {"segment_min", by_ids<tenon::segment_min>},
      {"segment_prod", by_ids<tenon::segment_prod>},
      {"sparse_segment_sum", by_three<tenon::sparse_segment_sum>},
      {"sparse_segment_mean", by_three<tenon::sparse_segment_mean>},
      {"sparse_segment_sqrt_n", by_three<tenon::sparse_segment_sqrt_n>},
      {"unsorted_segment_sum", by_three<tenon::unsorted_segment_sum>},
      {"unsorted_segment_max", by_three<tenon::unsorted_segment_max>},
      {"unsorted_segment_min", by_three<tenon::unsorted_segment_min>},
      {"unsorted_segment_prod", by_three<tenon::unsorted_segment_prod>},
      {"unsorted_segment_mean", by_three<tenon::unsorted_segment_mean>},
      {"unsorted_segment_sqrt_n", by_three<tenon::unsorted_segment_sqrt_n>},
  };
  return ops;
}

}  // namespace replay
