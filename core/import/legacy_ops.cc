#include "core/import/legacy_ops.h"

#include <array>

namespace tenon::internal {

namespace {

struct LegacyOp {
  std::string_view type, current;
  void (*adapt)(ImportedNode& node);  // null: nothing but the name differs
};

// Gather's rows are GatherV2's along axis 0.
void adapt_gather(ImportedNode& node) { node.inputs.emplace_back(Tensor(0), false); }

constexpr std::array kLegacyOps = {
    LegacyOp{"Gather", "GatherV2", adapt_gather},
    LegacyOp{"Variable", "VariableV2", nullptr},
    LegacyOp{"PlaceholderV2", "Placeholder", nullptr},
    LegacyOp{"Inv", "Reciprocal", nullptr},
    LegacyOp{"Mod", "TruncateMod", nullptr},
    LegacyOp{"BatchMatMul", "BatchMatMulV2", nullptr},
};

const LegacyOp* find(std::string_view type) {
  for (const LegacyOp& op : kLegacyOps) {
    if (op.type == type) return &op;
  }
  return nullptr;
}

}  // namespace

std::string_view current_type(std::string_view type) {
  const LegacyOp* legacy = find(type);
  return legacy == nullptr ? type : legacy->current;
}

void make_current(ImportedNode& node) {
  const LegacyOp* legacy = find(node.type);
  if (legacy == nullptr) return;
  node.type = legacy->current;
  if (legacy->adapt != nullptr) legacy->adapt(node);
}

}  // namespace tenon::internal
