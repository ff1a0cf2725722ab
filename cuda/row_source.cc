#include "cuda/row_source.h"

#include <algorithm>
#include <string_view>

#include "core/base/strings.h"
#include "cuda/source_text.h"
#include "cuda/team_size.h"

namespace tenon::cuda {
namespace {

using internal::str;
using Kind = RowStep::Kind;
using Reach = RowStep::Reach;

// Of a reduction: what joins two of its sums, and the bits that it starts with. Sums are doubles,
// as in cuda/reduction.cu.
struct Joining {
  std::string_view join, start;
};
Joining joining_of(Reduce reduce) {
  switch (reduce) {
    case Reduce::kProd:
      return {"Multiply", "0x3ff0000000000000"};
    case Reduce::kMax:
      return {"Maximum", "0xfff0000000000000"};
    case Reduce::kMin:
      return {"Minimum", "0x7ff0000000000000"};
    default:
      return {"Add", "0"};
  }
}

class RowSourceWriter {
 public:
  explicit RowSourceWriter(const RowProgram& program) : program_(program) {}

  std::string write() {
    int levels = 0;
    for (const RowStep& step : program_.steps) levels = std::max(levels, step.level);
    for (int level = 0; level <= levels; ++level) {
      compute_row_values(level);
      add_loop(level);
    }
    store_row_values();
    return str(
        "#include \"cuda/generated/rows.h\"\n\n", "using namespace tenon::cuda::generated;\n\n",
        parameter_text({.numbers = "rows, length, team",
                        .inputs = program_.inputs,
                        .outputs = program_.outputs.size(),
                        .constants = program_.constants.size(),
                        .offsets = program_.offsets.size()}),
        "extern \"C\" __global__ void __launch_bounds__(", kTeamThreads, ")\n",
        "run(const __grid_constant__ Arguments p) {\n",
        "  const tenon::cuda::Team team(static_cast<int>(p.team));\n",
        "  team.for_each(p.rows, [&](int64_t row) {\n    const int64_t begin = row * p.length;\n",
        rows_, "  });\n}\n");
  }

 private:
  const RowStep& step(int number) const { return program_.steps[static_cast<size_t>(number)]; }

  static std::string name(int number) { return str("v", number); }

  // A value that is computed with `arithmetic`, where it is a constant.
  static std::string value(int number, Arithmetic arithmetic) {
    return number >= 0 ? name(number) : constant_text(static_cast<size_t>(-1 - number), arithmetic);
  }

  std::string computed(const RowStep& one) const {
    return primitive_text(one.primitive, one.arithmetic, one.dtype,
                          [&](int index, Arithmetic arithmetic) {
                            return value(one.operands[static_cast<size_t>(index)], arithmetic);
                          });
  }

  // Values of the whole row that need no more reductions than `level`; each thread has them.
  void compute_row_values(int level) {
    for (int i = 0; i < std::ssize(program_.steps); ++i) {
      const RowStep& one = step(i);
      if (!one.per_row || one.level != level || one.kind == Kind::kReduce) continue;
      rows_ += str("    const auto ", name(i), " = ",
                   one.kind == Kind::kLoad ? loaded_for_row(one) : computed(one), ";\n");
    }
  }

  std::string loaded_for_row(const RowStep& load) const {
    const std::string index = load.reach == Reach::kSingle ? "0"
                              : load.reach == Reach::kRow
                                  ? "row"
                                  : str("p.offsets[", load.offsets, "](row)");
    return str("word(element<", type_of(load.dtype), ">(p.inputs[", load.input, "], ", index, "))");
  }

  bool is_reduced_at(const RowStep& one, int level) const {
    return one.kind == Kind::kReduce && one.level == level + 1;
  }
  bool is_stored_at(const RowProgram::Output& output, int level) const {
    return !output.per_row && (output.step < 0 ? 0 : step(output.step).level) == level;
  }

  // The steps of each element that a loop needs for what it reduces and stores.
  std::vector<bool> needed_at(int level) const {
    std::vector<bool> needed(program_.steps.size(), false);
    const auto need = [&](int number) {
      if (number >= 0 && !step(number).per_row) needed[static_cast<size_t>(number)] = true;
    };
    for (const RowStep& one : program_.steps) {
      if (is_reduced_at(one, level)) need(one.operands[0]);
    }
    for (const RowProgram::Output& output : program_.outputs) {
      if (is_stored_at(output, level)) need(output.step);
    }
    for (size_t i = needed.size(); i-- > 0;) {
      if (!needed[i] || program_.steps[i].kind != Kind::kCompute) continue;
      const RowStep& one = program_.steps[i];
      for (int k = 0; k < internal::operand_count(one.primitive); ++k) {
        need(one.operands[static_cast<size_t>(k)]);
      }
    }
    return needed;
  }

  // Goes over the row's elements once.
  void add_loop(int level) {
    loads_.clear(), body_.clear(), stores_.clear();
    const std::vector<bool> needed = needed_at(level);
    for (int i = 0; i < std::ssize(needed); ++i) {
      if (needed[static_cast<size_t>(i)]) add_element_step(i);
    }
    std::string begun, ended;
    for (int i = 0; i < std::ssize(program_.steps); ++i) {
      if (is_reduced_at(step(i), level)) add_reduction(i, begun, ended);
    }
    for (size_t i = 0; i < program_.outputs.size(); ++i) {
      if (is_stored_at(program_.outputs[i], level)) add_store(i);
    }
    if (body_.empty()) return;
    const auto steps = static_cast<size_t>(std::count(needed.begin(), needed.end(), true));
    rows_ += str(begun, "    for_row<", steps <= kMostStepsAbreast ? kWidth : 1,
                 ">(team, p.length, [&](auto width, int64_t first) {\n",
                 "      constexpr int kWidth = decltype(width)::value;\n",
                 "      const int64_t apart = team.size();\n", loads_, "#pragma unroll\n",
                 "      for (int k = 0; k < kWidth; ++k) {\n", body_, "      }\n", stores_,
                 "    });\n", ended);
  }

  void add_element_step(int number) {
    const RowStep& one = step(number);
    if (one.kind == Kind::kCompute) {
      body_ += str("        const auto ", name(number), " = ", computed(one), ";\n");
      return;
    }
    const bool gathers = one.reach == Reach::kOffsets;
    loads_ += str("      const auto x", number, " = ", gathers ? "gather_apart<" : "load_apart<",
                  type_of(one.dtype), ", kWidth>(p.inputs[", one.input, "], ",
                  gathers ? str("p.offsets[", one.offsets, "], ") : std::string(),
                  one.reach == Reach::kColumn ? "first" : "begin + first", ", apart);\n");
    body_ += str("        const auto ", name(number), " = word(x", number, "[k]);\n");
  }

  void add_reduction(int number, std::string& begun, std::string& ended) {
    const RowStep& one = step(number);
    const Joining joining = joining_of(one.reduce);
    const std::string sum = str("s", number), join = str("scalar::", joining.join, "()");
    begun += str("    double ", sum, " = number<double>(", joining.start, "ull);\n");
    body_ += str("        ", sum, " = ", join, "(", sum, ", static_cast<double>(",
                 value(one.operands[0], arithmetic_of(one.dtype)), "));\n");
    const bool is_mean = one.reduce == Reduce::kMean;
    ended += str("    ", sum, " = team.reduce(", sum, ", ", join, ");\n", "    const auto ",
                 name(number), " = word(scalar::cast<", type_of(one.dtype), ">(", sum,
                 is_mean ? " / static_cast<double>(p.length)" : "", "));\n");
  }

  void add_store(size_t i) {
    const RowProgram::Output& output = program_.outputs[i];
    const std::string_view type = type_of(output.dtype);
    loads_ += str("      Vector<", type, ", kWidth> y", i, ";\n");
    body_ += str("        y", i, "[k] = static_cast<", type, ">(",
                 value(output.step, arithmetic_of(output.dtype)), ");\n");
    stores_ += str("      store_apart(p.outputs[", i, "], begin + first, apart, y", i, ");\n");
  }

  void store_row_values() {
    for (size_t i = 0; i < program_.outputs.size(); ++i) {
      const RowProgram::Output& output = program_.outputs[i];
      if (!output.per_row) continue;
      const std::string_view type = type_of(output.dtype);
      rows_ += str("    if (team.rank() == 0) {\n      static_cast<", type, "*>(p.outputs[", i,
                   "])[row] = static_cast<", type, ">(",
                   value(output.step, arithmetic_of(output.dtype)), ");\n    }\n");
    }
  }

  const RowProgram& program_;
  std::string rows_;                   // what is done for a row
  std::string loads_, body_, stores_;  // of the loop at hand
};

}  // namespace

std::string row_source(const RowProgram& program) { return RowSourceWriter(program).write(); }

KernelParameter row_parameter(const RowProgram& program) {
  return {{program.rows, program.length, team_size(program.length)},
          program.inputs,
          program.outputs.size(),
          program.constants,
          program.offsets};
}

}  // namespace tenon::cuda
