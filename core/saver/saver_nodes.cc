#include "core/saver/saver_nodes.h"

#include <cstdint>
#include <string>
#include <utility>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "core/variables/variable_state.h"

namespace tenon::internal {

namespace {

// "10 4 0,5:0,4" for a part of a variable, as SaveV2 takes it; "" for a whole one.
std::string slice_text(const SavedVariable& variable, const SavedVariable::Part& part) {
  if (variable.is_whole()) return {};
  std::vector<std::string> extents;
  for (const TensorSlice::Extent& extent : part.slice.extents) {
    extents.push_back(str(extent.start, ',', extent.length));
  }
  return str(join(variable.shape.sizes(), " "), ' ', join(extents, ":"));
}

class SaverNodes {
 public:
  SaverNodes(WrittenScope& scope, const std::vector<SavedVariable>& variables) : scope_(scope) {
    std::string prefix = "save";
    for (int i = 1; scope.is_taken(prefix) || scope.is_taken(prefix + "/Const"); ++i) {
      prefix = str("save_", i);
    }
    prefix_ = scope.free_name(prefix) + '/';
    for (const SavedVariable& variable : variables) {
      for (const SavedVariable::Part& part : variable.parts) {
        names_.push_back(variable.name);
        slices_.push_back(slice_text(variable, part));
        parts_.push_back(&part.variable);
        dtypes_.push_back(variable.dtype);
      }
    }
  }

  SaverDef add() {
    const WrittenValue name = constant("filename/input", Tensor("model"));
    const WrittenValue filename = with_default("filename", name);
    const WrittenValue path = with_default("Const", filename);
    const WrittenValue saved = add_save(path);
    const WrittenValue all = add("restore_all", "NoOp", "", {}, {}, add_restores(path));
    return {.filename_tensor = path.node + ":0",
            .save_tensor = saved.node + ":0",
            .restore_op = all.node};
  }

 private:
  WrittenValue add(const std::string& name, const char* op, const char* output,
                   std::vector<WrittenValue> inputs, AttrMap attrs,
                   std::vector<std::string> controls = {}) {
    return scope_.add({.name = scope_.free_name(prefix_ + name),
                       .op = op,
                       .inputs = std::move(inputs),
                       .attrs = std::move(attrs),
                       .controls = std::move(controls)},
                      output);
  }
  WrittenValue constant(const std::string& name, const Tensor& value) {
    return add(name, "Const", "output", {}, {{"dtype", value.dtype()}, {"value", value}});
  }
  WrittenValue with_default(const std::string& name, const WrittenValue& value) {
    return add(name, "PlaceholderWithDefault", "output", {value},
               {{"dtype", DType::string}, {"shape", Shape()}});
  }

  const WrittenValue& handle_of(const Variable& variable) const {
    const WrittenValue* handle = scope_.find({variable.op().node(), 0});
    require<ValueError>(handle != nullptr, ErrorKind::bad_argument, "Variable ",
                        variable.op().name(), " is not of the graph that is written");
    return *handle;
  }

  // The path of what was saved.
  WrittenValue add_save(const WrittenValue& path) {
    std::vector<WrittenValue> inputs = {path, constant("SaveV2/tensor_names", Tensor(names_)),
                                        constant("SaveV2/shape_and_slices", Tensor(slices_))};
    for (size_t i = 0; i < parts_.size(); ++i) {
      const WrittenValue& handle = handle_of(*parts_[i]);
      const bool is_resource = parts_[i]->is_resource();
      inputs.push_back(is_resource ? add("Read/ReadVariableOp", "ReadVariableOp", "value", {handle},
                                         {{"dtype", dtypes_[i]}})
                                   : handle);
    }
    const WrittenValue save =
        add("SaveV2", "SaveV2", "output", std::move(inputs), {{"dtypes", dtypes_}});
    return add("control_dependency", "Identity", "output", {path}, {{"T", DType::string}},
               {save.node});
  }

  // The names of the operations that give variables their values.
  std::vector<std::string> add_restores(const WrittenValue& path) {
    const WrittenValue restore = add("RestoreV2", "RestoreV2", "tensors",
                                     {path, constant("RestoreV2/tensor_names", Tensor(names_)),
                                      constant("RestoreV2/shape_and_slices", Tensor(slices_))},
                                     {{"dtypes", dtypes_}});
    std::vector<std::string> assigns;
    for (size_t i = 0; i < parts_.size(); ++i) {
      const WrittenValue& handle = handle_of(*parts_[i]);
      WrittenValue value = restore;
      value.index = static_cast<int>(i);
      AttrMap attrs = {{"_class", std::vector<std::string>{"loc:@" + handle.node}}};
      if (parts_[i]->is_resource()) {
        attrs.set("dtype", dtypes_[i]);
        assigns.push_back(
            add("AssignVariableOp", "AssignVariableOp", "", {handle, value}, attrs).node);
        continue;
      }
      attrs.set("T", dtypes_[i]);
      attrs.set("validate_shape", true);
      attrs.set("use_locking", true);
      assigns.push_back(add("Assign", "Assign", "output_ref", {handle, value}, attrs).node);
    }
    return assigns;
  }

  WrittenScope& scope_;
  std::string prefix_;
  std::vector<std::string> names_, slices_;
  std::vector<const Variable*> parts_;
  std::vector<DType> dtypes_;
};

}  // namespace

SaverDef add_saver_nodes(WrittenScope& scope, const std::vector<SavedVariable>& variables) {
  return SaverNodes(scope, variables).add();
}

}  // namespace tenon::internal
