// What convolution and pooling share: lists of four numbers for N, H, W, C, and paddings.
#pragma once

#include <string>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/graph/op_def.h"
#include "core/graph/shape_rules.h"
#include "tenon/nn.h"

namespace tenon::internal {

// Where the axes are: N is first in both formats.
struct ImageAxes {
  int height = 1, width = 2, channels = 3;
};

inline ImageAxes axes_of(const AttrMap& attrs) {
  if (attrs.get<std::string>("data_format") == "NCHW") return {2, 3, 1};
  return {};
}

// One number, two (rows, columns) or four, as four in the order of the format.
inline std::vector<int64_t> as_four(const std::vector<int64_t>& numbers, std::string_view what,
                                    const std::string& format) {
  const bool channels_first = format == "NCHW";
  require<ValueError>(format == "NHWC" || channels_first, ErrorKind::bad_argument,
                      "data_format must be NHWC or NCHW, not ", format);
  std::vector<int64_t> four;
  if (numbers.size() == 4) {
    four = numbers;
  } else {
    require<ValueError>(numbers.size() == 1 || numbers.size() == 2, ErrorKind::bad_argument, what,
                        " should be of length 1, 2 or 4 but was ", numbers.size());
    const int64_t rows = numbers.front(), columns = numbers.back();
    four = channels_first ? std::vector<int64_t>{1, 1, rows, columns}
                          : std::vector<int64_t>{1, rows, columns, 1};
  }
  for (const int64_t number : four) {
    require<ValueError>(number > 0, ErrorKind::bad_argument, what, " must be positive, but are [",
                        join(four), "]");
  }
  return four;
}

inline void check_padding(const nn::Padding& padding, bool explicit_allowed) {
  const std::string& kind = padding.kind();
  require<ValueError>(kind == "SAME" || kind == "VALID" || (kind == "EXPLICIT" && explicit_allowed),
                      ErrorKind::bad_argument, "Padding must be ",
                      explicit_allowed ? "\"SAME\", \"VALID\" or a list" : "\"SAME\" or \"VALID\"",
                      ", not ", kind);
  require<ValueError>(kind != "EXPLICIT" || padding.explicit_paddings().size() == 8,
                      ErrorKind::bad_argument,
                      "Explicit padding must be four pairs of numbers, one an axis");
  for (const int64_t side : padding.explicit_paddings()) {
    require<ValueError>(side >= 0, ErrorKind::bad_argument,
                        "Explicit padding must not be negative, but is [",
                        join(padding.explicit_paddings()), "]");
  }
}

// The attributes `names` of an operation, to give them to another.
inline AttrMap attributes_of(const Operation& op, std::initializer_list<const char*> names) {
  AttrMap attrs;
  for (const char* name : names) attrs.set(name, *op.node()->attrs.find(name));
  return attrs;
}

}  // namespace tenon::internal
