// One golden program while it is replayed: what its steps made, and how steps refer to that.
#pragma once

#include <tenon/tenon.h>

#include <any>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/golden/mistake.h"
#include "tests/golden/values.h"

namespace replay {

struct List;

// A sparse gradient: of `gradients` and what is made of them, or made by hand (then without
// `dense`, and perhaps without a shape).
struct RowGradient {
  tenon::Output values, indices, dense_shape, dense;
};

// What a step makes. None is TensorFlow's; Json a string or number in a collection.
struct None {};
using Thing =
    std::variant<None, tenon::Output, tenon::Operation, tenon::Variable, tenon::VariableScope,
                 std::shared_ptr<List>, std::shared_ptr<tenon::SparseTensor>,
                 std::shared_ptr<RowGradient>, std::shared_ptr<tenon::Session>,
                 std::shared_ptr<tenon::train::Optimizer>,
                 std::shared_ptr<tenon::train::ExponentialMovingAverage>,
                 std::shared_ptr<tenon::layers::Layer>, Json>;
using LayerPtr = std::shared_ptr<tenon::layers::Layer>;

// A list, or an object. One that get_collection_ref answered is the graph's own.
struct List {
  std::vector<Thing> items = {};
  std::vector<std::string> keys = {};  // of an object's items
  std::shared_ptr<tenon::Collection> collection = {};
  std::vector<Thing> things() const;
};

// A reference to something that no step has made.
struct BadReference {};

// What a step made and what is answered.
struct Result {
  Thing thing;
  Json answer;
};

class Program {
 public:
  Program();
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // The answer to one step; throws nothing that a program does wrong. A step that isn't one of
  // FORMAT.md's (a field missing, or of another type) answers the kind bad_program.
  Json answer(const Json& step);
  // The same, but what goes wrong is thrown.
  Json perform(const Json& step);
  void set(const std::string& name, Thing thing) { things_[name] = std::move(thing); }

  // What {"ref"} stands for; a bare value is itself. Throws BadReference.
  Thing thing(const Json& value) const;
  tenon::VariableScope scope(const Json& step) const;  // of the field "on", else the current one
  tenon::Variable variable(const Json& value) const;
  tenon::Operation operation(const Json& value) const;  // the one that makes a thing
  tenon::Output output(const Json& value) const;        // a variable stands for its value
  std::shared_ptr<List> list(const Json& value) const;

  // An argument of an operation: a reference, a literal, or a nested list that holds references.
  tenon::Input input(const Json& value) const;
  std::vector<tenon::Input> inputs(const Json& values) const;
  std::vector<tenon::Ref> refs(const Json& values) const;
  // A gradient that a step gives: a reference, a literal as a constant, null as an empty Output.
  tenon::Output gradient(const Json& value) const;
  // The same of a variable, which a sparse gradient made by hand is of.
  tenon::Output gradient_of(const tenon::Variable& variable, const Json& value) const;

  tenon::Graph graph;
  std::vector<std::pair<std::string, tenon::Context>> contexts;
  std::vector<std::shared_ptr<tenon::Session>> sessions;
  Json log = Json::array();
  // Set: the text of the plan of every run, or what is wrong with it, is added to it.
  Json* plans = nullptr;

 private:
  void note_identity(const Thing& made, const std::string& name, Json& answer);

  tenon::Context default_graph_;
  std::map<std::string, Thing> things_;
  std::vector<std::pair<tenon::Variable, std::string>> first_names_;
};

// The answer that describes a thing as it is now.
Json describe(const Thing& thing);
Json describe_tensor(const tenon::Output& output);  // gathered rows, too, as the dense tensor
// A gradient, which is None where it is empty, and where it is sparse stays so when it is fetched.
Thing gradient_thing(const tenon::Output& gradient);
// {"items": [...]}: the names of variables, tensors and operations; other items themselves.
Json items_answer(const std::vector<Thing>& things);
// A thing and its description; None for an empty handle.
Result described(Thing thing);
// An item of a collection.
Thing thing_of(const std::any& item);

template <typename Items>
std::shared_ptr<List> list_of(const Items& items) {
  auto list = std::make_shared<List>();
  for (const auto& item : items) list->items.emplace_back(item);
  return list;
}

// The value of a field, null where the step leaves it out.
const Json& field(const Json& step, const char* name);
std::string text(const Json& step, const char* name, const std::string& otherwise = "");

// The steps, by topic.
using Step = Result (*)(Program&, const Json&);
using StepTable = std::map<std::string, Step, std::less<>>;
const StepTable& context_steps();
const StepTable& scope_steps();
const StepTable& variable_steps();
const StepTable& collection_steps();
const StepTable& op_steps();
const StepTable& flow_steps();
const StepTable& session_steps();
const StepTable& default_session_steps();
const StepTable& state_steps();
const StepTable& gradient_steps();
const StepTable& average_steps();
const StepTable& training_steps();
const StepTable& loss_steps();
const StepTable& layer_steps();
const StepTable& cell_steps();
const StepTable& sparse_steps();

}  // namespace replay
