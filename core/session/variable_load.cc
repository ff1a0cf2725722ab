// Variable::load: a value put into a variable from outside the graph.
#include "core/base/check.h"
#include "core/session/session_state.h"
#include "tenon/variable.h"

namespace tenon {

void Variable::load(const Tensor& value, Session& session) const {
  const Operation initialize = initializer();
  const Output initial = initialize.input(1);
  internal::require<ValueError>(shape().compatible_with(value.shape()), ErrorKind::bad_feed_shape,
                                "Cannot feed value of shape ", value.shape(), " for variable '",
                                name(), "', which has shape '", shape(), "'");
  session.run(initialize, {{initial, value}});
}

}  // namespace tenon
