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

// What is read has the shape of its array's elements, where that is known.
void adapt_read(ImportedNode& node) {
  const Node* array = node.inputs.empty() ? nullptr : node.inputs[0].endpoint.node;
  if (array == nullptr || array->type() != "TensorArrayV3") return;
  const Shape known = node.attrs.get_or<Shape>("element_shape", Shape::unknown());
  node.attrs.set("element_shape", known.merged_with(array->attrs.get<Shape>("element_shape")));
}

// Stacks of old have no greatest size.
void adapt_stack(ImportedNode& node) { node.inputs.emplace_back(Tensor(-1), false); }

constexpr std::array kLegacyOps = {
    LegacyOp{"Gather", "GatherV2", adapt_gather},
    LegacyOp{"Variable", "VariableV2", nullptr},
    LegacyOp{"PlaceholderV2", "Placeholder", nullptr},
    LegacyOp{"BiasAddV1", "BiasAdd", nullptr},
    LegacyOp{"ConjugateTranspose", "Transpose", nullptr},  // of real numbers
    LegacyOp{"DebugIdentity", "Identity", nullptr},
    LegacyOp{"Inv", "Reciprocal", nullptr},
    LegacyOp{"TruncateDiv", "Div", nullptr},
    LegacyOp{"AccumulateNV2", "AddN", nullptr},
    LegacyOp{"PreventGradient", "StopGradient", nullptr},
    LegacyOp{"Snapshot", "Identity", nullptr},
    LegacyOp{"GuaranteeConst", "Identity", nullptr},
    LegacyOp{"Mod", "TruncateMod", nullptr},
    LegacyOp{"BatchMatMul", "BatchMatMulV2", nullptr},
    LegacyOp{"TensorArray", "TensorArrayV3", nullptr},
    LegacyOp{"TensorArrayV2", "TensorArrayV3", nullptr},
    LegacyOp{"TensorArrayGrad", "TensorArrayGradV3", nullptr},
    LegacyOp{"TensorArrayGradV2", "TensorArrayGradV3", nullptr},
    LegacyOp{"TensorArrayWrite", "TensorArrayWriteV3", nullptr},
    LegacyOp{"TensorArrayWriteV2", "TensorArrayWriteV3", nullptr},
    LegacyOp{"TensorArrayScatter", "TensorArrayScatterV3", nullptr},
    LegacyOp{"TensorArrayScatterV2", "TensorArrayScatterV3", nullptr},
    LegacyOp{"TensorArrayConcat", "TensorArrayConcatV3", nullptr},
    LegacyOp{"TensorArrayConcatV2", "TensorArrayConcatV3", nullptr},
    LegacyOp{"TensorArraySplit", "TensorArraySplitV3", nullptr},
    LegacyOp{"TensorArraySplitV2", "TensorArraySplitV3", nullptr},
    LegacyOp{"TensorArraySize", "TensorArraySizeV3", nullptr},
    LegacyOp{"TensorArraySizeV2", "TensorArraySizeV3", nullptr},
    LegacyOp{"TensorArrayClose", "TensorArrayCloseV3", nullptr},
    LegacyOp{"TensorArrayCloseV2", "TensorArrayCloseV3", nullptr},
    LegacyOp{"TensorArrayRead", "TensorArrayReadV3", adapt_read},
    LegacyOp{"TensorArrayReadV2", "TensorArrayReadV3", adapt_read},
    LegacyOp{"TensorArrayReadV3", "TensorArrayReadV3", adapt_read},
    LegacyOp{"TensorArrayGather", "TensorArrayGatherV3", adapt_read},
    LegacyOp{"TensorArrayGatherV2", "TensorArrayGatherV3", adapt_read},
    LegacyOp{"TensorArrayGatherV3", "TensorArrayGatherV3", adapt_read},
    LegacyOp{"Stack", "StackV2", adapt_stack},
    LegacyOp{"StackPush", "StackPushV2", nullptr},
    LegacyOp{"StackPop", "StackPopV2", nullptr},
    LegacyOp{"StackClose", "StackCloseV2", nullptr},
    LegacyOp{"HashTable", "HashTableV2", nullptr},
    LegacyOp{"MutableHashTable", "MutableHashTableV2", nullptr},
    LegacyOp{"InitializeTable", "InitializeTableV2", nullptr},
    LegacyOp{"InitializeTableFromTextFile", "InitializeTableFromTextFileV2", nullptr},
    LegacyOp{"LookupTableFind", "LookupTableFindV2", nullptr},
    LegacyOp{"LookupTableSize", "LookupTableSizeV2", nullptr},
    LegacyOp{"LookupTableInsert", "LookupTableInsertV2", nullptr},
    LegacyOp{"LookupTableExport", "LookupTableExportV2", nullptr},
    LegacyOp{"LookupTableImport", "LookupTableImportV2", nullptr},
    LegacyOp{"ControlTrigger", "NoOp", nullptr},
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
