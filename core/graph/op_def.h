// What the graph knows of an operation type: its signature, shapes, gradient and lowering.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/backend/elementwise.h"
#include "core/backend/epilogue.h"
#include "core/tensor/attr_value.h"
#include "tenon/graph.h"

namespace tenon::internal {

struct KernelRequest;

using Shapes = InlineVector<Shape, 1>;
using Outputs = std::vector<Output>;

// What a shape function may ask: used when an operation is made (some things are unknown) and again
// when a plan is made for fixed shapes.
class ShapeContext {
 public:
  ShapeContext(const AttrMap& attributes, Shapes input_shapes)
      : attrs(attributes), inputs(std::move(input_shapes)) {}
  virtual ~ShapeContext() = default;

  const AttrMap& attrs;
  Shapes inputs;

  // The value of an input where it is known already, else an empty tensor.
  virtual Tensor value(int input) const = 0;
  // The value of a vector of integers read as a shape: a negative or unknown size is kUnknown, and
  // a vector of unknown length a shape of unknown rank.
  virtual Shape value_as_shape(int input) const = 0;
  // Whether a plan is being made: shapes may then follow from values, and from what isn't fed.
  virtual bool planning() const { return false; }
  // An input of integers (int32 or int64, scalar or vector) as numbers; nothing when unknown.
  std::optional<std::vector<int64_t>> integers(int input) const;
};

using ShapeFunction = Shapes (*)(const ShapeContext&);

// The gradients of the inputs (one each, empty where there is none) from those of the outputs
// (empty where none arrives), as operations of the current graph.
using GradientFunction = Outputs (*)(const Operation& op, const Outputs& dy);

// Writes the operation as primitives: one value for each output. Inputs are given in order, with
// the dtypes of the operation's inputs.
using ElementwiseFunction = std::vector<ElementwiseBuilder::Value> (*)(
    ElementwiseBuilder& builder, const std::vector<ElementwiseBuilder::Value>& inputs,
    const AttrMap& attrs);

// The value of the (one) output where it follows from no more than what is known of the inputs;
// used to infer shapes while a graph is built. Sizes that aren't known are not a value.
using ValueFunction = std::optional<Tensor> (*)(const ShapeContext&);

// The values of all outputs, where there are several, likewise.
using ValuesFunction = std::optional<std::vector<Tensor>> (*)(const ShapeContext&);

// The value of the (one) output, a vector of integers, read as a shape where only some of its sizes
// are known; nothing where none is.
using ShapeValueFunction = std::optional<Shape> (*)(const ShapeContext&);

// Computes an operation on the host, in place of a kernel (host_call.h): all of its outputs.
class HostCall;
using HostFunction = std::vector<Tensor> (*)(HostCall& call);

// What a plan does for an operation by itself.
enum class PlanAction : uint8_t {
  kKernel,            // nothing: a device's kernel computes it
  kNothing,           // nothing is to do when it runs: it only orders others
  kConstant,          // its output is its attribute "value"
  kPlaceholder,       // its output is fed; needed and not fed, the run is refused
  kPassOn,            // its outputs are the memory of its first inputs, perhaps in another shape
  kAssign,            // its second input becomes the value of the variable that it writes
  kIsInitialized,     // says whether the variable that is its input has a value
  kInitializedValue,  // its first input where that variable has a value, else its second
  kBranch,            // runs one of its two bodies
  kLoop,              // runs its bodies again and again
  kHost,              // calls the function `host` of its definition
  kCall,              // calls a function of the program's
};

// One row of the table of operations. Type, input order, attribute names and defaults are those of
// TensorFlow's OpDefs.
struct OpDef {
  std::string name;
  // "value: T" (T a type attribute), "shape: int32", "values: N * T" (N an int attribute),
  // "input: list(T)" (T a list of types), "ref: Ref(T)" (a reference variable).
  std::vector<std::string> inputs = {};
  std::vector<std::string> outputs = {};
  AttrMap defaults = {};                                 // attributes that may be left out
  std::map<std::string, std::vector<DType>> types = {};  // allowed dtypes of type attributes
  ShapeFunction shape = nullptr;
  GradientFunction gradient = nullptr;
  bool differentiable = true;  // false: gradients stop here, as TensorFlow's NotDifferentiable
  ElementwiseFunction elementwise = nullptr;
  ValueFunction value = nullptr;
  ValuesFunction values = nullptr;
  ShapeValueFunction shape_value = nullptr;
  // Inputs whose values a plan must know: shapes, axes, perms; -1 is the last.
  std::vector<int> needs_value = {};
  std::vector<int> shape_only = {};  // inputs of which only the shape matters, never the values
  std::vector<int> writes = {};      // reference or resource inputs that it writes
  bool is_variable = false;          // its output is a variable's own memory
  bool stateful = false;             // never folded, merged, duplicated or dropped when fetched
  PlanAction action = PlanAction::kKernel;
  // Of kHost and kCall; the shapes of its outputs may be unknown in a plan.
  HostFunction host = nullptr;
  // What it computes on its input as a kernel's epilogue would; its attribute "alpha", where it has
  // one, is Epilogue::alpha.
  Activation activation = Activation::kNone;
  // Whether it is the sum of its two inputs, where a vector is added along the last dimension.
  bool (*adds_along_last)(const AttrMap& attrs) = nullptr;
  // The number of the input whose last dimension is the output's and to which the output is
  // proportional along it: what each channel of the output is multiplied by, that input may be
  // multiplied by. -1, or null: none.
  int (*filter_input)(const AttrMap& attrs) = nullptr;
  // Whether, for a request, each row (along the first dimension) of the output follows from the
  // same row of input 0; null: never. What else it takes it takes whole. Elementwise operations
  // need no word of it.
  bool (*by_rows)(const KernelRequest& request) = nullptr;
  // Whether initial values may read a variable through it as it is, before that has a value.
  bool safe_in_initial_values = false;
  std::string_view plan_note = {};  // what a plan's text warns of

  // Whether it asks for a variable's state, and so takes one that has no value nor shape yet.
  bool asks_for_state() const {
    return action == PlanAction::kIsInitialized || action == PlanAction::kInitializedValue;
  }
};

// One input or output of a signature, parsed.
struct ArgDef {
  std::string name;
  DType dtype = DType::invalid;  // fixed, or
  std::string type_attr = {};    // the attribute that says it
  std::string number_attr = {};  // set: a list whose length this attribute says
  bool is_ref = false;
  bool lists_types = false;  // a list with a dtype for each of its items, which type_attr says

  bool is_list() const { return lists_types || !number_attr.empty(); }
  // How many inputs or outputs of an operation of these attributes it is.
  size_t count(const AttrMap& attrs) const {
    if (lists_types) return attrs.get<std::vector<DType>>(type_attr).size();
    return number_attr.empty() ? 1 : static_cast<size_t>(attrs.get<int64_t>(number_attr));
  }
};

// An OpDef with its signature parsed.
struct RegisteredOp : OpDef {
  std::vector<ArgDef> input_args = {};
  std::vector<ArgDef> output_args = {};
};

// All operations, by name. Filled once from the generated list, then only read.
class OpRegistry {
 public:
  void add(OpDef def);
  const RegisteredOp* find(std::string_view name) const noexcept;
  std::vector<std::string> names() const;  // sorted

  // The process's registry, filled on first use by register_all_ops below.
  static const OpRegistry& global();

 private:
  std::unordered_map<std::string_view, std::unique_ptr<const RegisteredOp>> ops_;
};

// Generated: calls register_<stem>(ops) of every file of core/ops.
void register_all_ops(OpRegistry& ops);

}  // namespace tenon::internal
