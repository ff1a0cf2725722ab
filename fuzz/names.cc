// Fuzzes names and device strings: the bytes are a program of scopes, variables and devices, of
// which every step may throw tenon::Error, and nothing else. What a step that failed must leave as
// it was is checked after each.
//
//   cmake --preset fuzz && cmake --build build/fuzz && build/fuzz/fuzz_names -max_total_time=600
#include <fuzzer/FuzzedDataProvider.h>
#include <tenon/array_ops.h>
#include <tenon/collections.h>
#include <tenon/device.h>
#include <tenon/graph.h>
#include <tenon/partitioners.h>
#include <tenon/variable.h>
#include <tenon/variable_scope.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tn = tenon;

namespace {

// Ends the program, as libFuzzer wants it, when what must hold doesn't.
void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz_names: %s\n", what);
  std::abort();
}

class Program {
 public:
  Program(const uint8_t* data, size_t size) : bytes_(data, size) {}

  void run() {
    auto as_default = graph_.as_default();
    for (int step = 0; step < 64 && bytes_.remaining_bytes() > 0; ++step) {
      const size_t open = contexts_.size();
      const std::string variables = tn::get_variable_scope().name(), names = graph_.name_scope();
      try {
        take_step();
      } catch (const tn::Error& error) {
        check(error.what()[0] != '\0', "an error says nothing");
        check(contexts_.size() == open, "a step that failed left a context open");
        check(tn::get_variable_scope().name() == variables && graph_.name_scope() == names,
              "a step that failed changed the scope");
      }
    }
    while (!contexts_.empty()) contexts_.pop_back();
    check(tn::get_variable_scope().name().empty(), "a variable scope is still open");
    check(graph_.name_scope().empty(), "a name scope is still open");
  }

 private:
  void take_step() {
    switch (bytes_.ConsumeIntegralInRange<int>(0, 11)) {
      case 0:
        return enter_variable_scope();
      case 1:
        return enter_captured_scope();
      case 2:
        return keep(tn::enter_name_scope(name()).first);
      case 3:
        return exit();
      case 4:
        return get_variable();
      case 5:
        return make_variable();
      case 6:
        return take_name();
      case 7:
        return make_operation();
      case 8:
        return enter_device();
      case 9:
        return change_scope();
      case 10:
        return look_up();
      default:
        return list_variables();
    }
  }

  // Mostly one of a few names, so that they meet; otherwise any bytes.
  std::string name() {
    static const char* const kNames[] = {"a", "b", "A", "a/b", "a_1", "w", "", "a/"};
    if (bytes_.ConsumeBool()) return kNames[bytes_.ConsumeIntegralInRange<int>(0, 7)];
    return bytes_.ConsumeRandomLengthString(40);
  }

  tn::Reuse reuse() {
    switch (bytes_.ConsumeIntegralInRange<int>(0, 3)) {
      case 0:
        return true;
      case 1:
        return tn::AUTO_REUSE;
      default:
        return false;
    }
  }

  tn::DType dtype() { return bytes_.ConsumeBool() ? tn::float32 : tn::int32; }

  tn::Shape shape() {
    if (bytes_.ConsumeBool()) return tn::Shape::unknown();
    tn::Shape shape;
    for (int rank = bytes_.ConsumeIntegralInRange<int>(0, 3); rank > 0; --rank) {
      shape.push_back(bytes_.ConsumeBool() ? bytes_.ConsumeIntegralInRange<int64_t>(-1, 4)
                                           : bytes_.ConsumeIntegral<int64_t>());
    }
    return shape;
  }

  tn::VariableScopeOptions scope_options() {
    tn::VariableScopeOptions options;
    if (bytes_.ConsumeBool()) options.default_name = name();
    options.reuse = reuse();
    if (bytes_.ConsumeBool()) options.dtype = dtype();
    if (bytes_.ConsumeBool()) options.caching_device = name();
    options.auxiliary_name_scope = bytes_.ConsumeBool();
    return options;
  }

  void keep(tn::Context context) { contexts_.push_back(std::move(context)); }

  void exit() {
    if (!contexts_.empty()) contexts_.pop_back();
  }

  void enter_variable_scope() {
    std::optional<std::string> given;
    if (bytes_.ConsumeBool()) given = name();
    auto [context, scope] = tn::enter_variable_scope(given, scope_options());
    keep(std::move(context));
    check(scope == tn::get_variable_scope(), "the scope that was entered is not the current one");
    captured_.push_back(scope);
  }

  void enter_captured_scope() {
    if (captured_.empty()) return;
    const size_t which = bytes_.ConsumeIntegralInRange<size_t>(0, captured_.size() - 1);
    auto [context, scope] = tn::enter_variable_scope(captured_[which], scope_options());
    keep(std::move(context));
    check(scope.name() == captured_[which].name(), "a captured scope has another name");
  }

  void get_variable() {
    tn::GetVariableOptions options;
    options.shape = shape();
    if (bytes_.ConsumeBool()) options.dtype = dtype();
    if (bytes_.ConsumeBool()) options.initializer = tn::zeros_initializer();
    if (bytes_.ConsumeBool()) {
      options.partitioner = tn::fixed_size_partitioner(bytes_.ConsumeIntegralInRange<int>(1, 4));
    }
    const std::string relative = name(), scope = tn::get_variable_scope().name();
    const tn::Variable variable = tn::get_variable(relative, options);
    const auto [known, is_new] =
        store_.try_emplace(scope.empty() ? relative : scope + "/" + relative, variable);
    check(is_new || known->second == variable, "one name has two variables");
  }

  void make_variable() {
    tn::VariableOptions options;
    options.name = name();
    options.use_resource = bytes_.ConsumeBool();
    const tn::Variable variable(1.0f, options);
    check(graph_.operation(variable.op().name()) == variable.op(), "a variable can't be found");
  }

  void take_name() {
    const bool mark = bytes_.ConsumeBool();
    const std::string wanted = name(), found = graph_.unique_name(wanted, mark);
    if (mark && !wanted.empty()) {
      check(graph_.unique_name(wanted, false) != found, "a unique name was given twice");
    }
  }

  void make_operation() {
    const tn::Output made = tn::identity(1.0f, {.name = name()});
    check(graph_.tensor(made.name()) == made, "a tensor can't be found under its name");
  }

  void enter_device() {
    const std::string text = bytes_.ConsumeRandomLengthString(60);
    const tn::DeviceSpec spec = tn::DeviceSpec::from_string(text);
    const std::string canonical = spec.to_string();
    const tn::DeviceSpec again = tn::DeviceSpec::from_string(canonical);
    check(again == spec, "a device's canonical name reads as another device");
    check(again.to_string() == canonical, "a canonical device name isn't canonical");
    check(spec.merged_with(spec) == spec, "a device merged with itself is another");
    keep(tn::enter_device(text));
  }

  void change_scope() {
    const tn::VariableScope scope = tn::get_variable_scope();
    switch (bytes_.ConsumeIntegralInRange<int>(0, 2)) {
      case 0:
        return scope.reuse_variables();
      case 1:
        return scope.set_dtype(dtype());
      default:
        return scope.set_caching_device(name());
    }
  }

  void look_up() {
    const std::string wanted = bytes_.ConsumeRandomLengthString(40);
    if (bytes_.ConsumeBool()) {
      check(graph_.operation(wanted).name() == wanted, "an operation of another name was found");
    } else {
      check(!graph_.tensor(wanted).name().empty(), "a tensor without a name was found");
    }
  }

  void list_variables() {
    for (const tn::Variable& variable : tn::get_variable_scope().global_variables()) {
      check(!variable.name().empty(), "a variable has no name");
    }
  }

  FuzzedDataProvider bytes_;
  tn::Graph graph_;
  std::vector<tn::Context> contexts_;
  std::vector<tn::VariableScope> captured_;
  std::map<std::string, tn::Variable> store_;
};

}  // namespace

// libFuzzer looks for this name.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Program(data, size).run();
  return 0;
}
