// docs/operations.md is what the registries say. Where it isn't, the test writes what it should be:
//
//   TENON_REWRITE_PAGES=1 build/release/tests/test_modules --gtest_filter='OperationsPage*'
//
// A build without the CUDA module takes what the page says of CUDA for true.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/backend/module.h"
#include "core/base/strings.h"
#include "core/graph/op_def.h"
#include "cpu_fallback/backend.h"

namespace tenon::internal {
namespace {

constexpr const char* kPage = TENON_SOURCE_DIR "/docs/operations.md";

constexpr const char* kBeginning = R"(# Operations

Every operation that a graph may have, by TensorFlow's type name, and what there is of it. Those that
begin with an underscore are Tenon's own: what the public functions are made of. This page is written
by a test (`tests/modules/operations_page_test.cc`) from the registries that the library itself asks.

- **runs as**: a *loop* is computed element by element, in one step with its neighbours where they are
  loops too; a *kernel* is a step of its own; a function of the *host* works on whole tensors, and only
  then are its results' shapes known; the *plan* does the rest by itself, and needs no kernel.
- **CPU**, **CUDA**: the dtypes that it is computed for (of its main type attribute); *any* is all of
  them, *=* what the CPU has but strings. floats are bfloat16, float16, float32, float64; integers int8 to int64
  and uint8 to uint64; numbers both. Dtypes of an operation that CUDA lacks are computed on the CPU.
- **gradient**: *yes*; *stops*, where none flows through it, as in TensorFlow; *none*, where
  `gradients` throws.
- **recordable**: whether a step of it may be part of a CUDA graph.

| operation | runs as | CPU | CUDA | gradient | recordable |
|---|---|---|---|---|---|
)";

using DTypes = std::set<DType>;
const DTypes kAllFloats = {bfloat16, float16, float32, float64},
             kAllIntegers = {int8, int16, int32, int64, uint8, uint16, uint32, uint64};

// Takes these away where all of them are there; whether they were.
bool take(DTypes& from, const DTypes& all) {
  if (!std::includes(from.begin(), from.end(), all.begin(), all.end())) return false;
  for (const DType dtype : all) from.erase(dtype);
  return true;
}

std::string described(DTypes dtypes) {
  if (dtypes.contains(DType::invalid)) return "any";
  std::vector<std::string> parts;
  const bool floats = take(dtypes, kAllFloats), integers = take(dtypes, kAllIntegers);
  if (floats && integers) parts.emplace_back("numbers");
  if (floats && !integers) parts.emplace_back("floats");
  if (!floats && integers) parts.emplace_back("integers");
  for (const DType dtype : dtypes) parts.emplace_back(to_string(dtype));
  return join(parts);
}

DTypes dtypes_of(const KernelRegistry& kernels, const std::string& op) {
  DTypes dtypes;
  for (const auto& [name, dtype] : kernels.list()) {
    if (name == op) dtypes.insert(dtype);
  }
  return dtypes;
}

// The dtypes that a loop is defined for.
DTypes dtypes_of_loop(const RegisteredOp& op) {
  for (const char* attr : {"T", "SrcT", "dtype"}) {
    const auto found = op.types.find(attr);
    if (found == op.types.end()) continue;
    DTypes dtypes(found->second.begin(), found->second.end());
    return dtypes;
  }
  const ArgDef& first = op.input_args.at(0);
  return {first.type_attr.empty() ? first.dtype : DType::invalid};
}

bool recordable(const KernelRegistry& kernels, const std::string& op) {
  for (const DType dtype : dtypes_of(kernels, op)) {
    const KernelRegistration& found = *kernels.find(op, dtype);
    if (!found.recordable || !found.host_inputs.empty()) return false;
  }
  return true;
}

// What a row of the page says: the cells behind the operation's name.
using Cells = std::vector<std::string>;

std::map<std::string, Cells> rows_of_page() {
  std::map<std::string, Cells> rows;
  std::ifstream page(kPage);
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    std::istringstream text(line.substr(2));
    Cells cells;
    for (std::string cell; std::getline(text, cell, '|');) {
      const size_t begin = cell.find_first_not_of(' '), end = cell.find_last_not_of(' ');
      cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
    }
    const std::string name = cells[0];
    cells.erase(cells.begin());
    rows[name] = cells;
  }
  return rows;
}

class PageWriter {
 public:
  // Null: what the page says of CUDA.
  explicit PageWriter(const KernelRegistry* cuda) : cuda_(cuda) {}

  std::string write() const {
    std::vector<std::string> names = OpRegistry::global().names();
    std::stable_partition(names.begin(), names.end(),
                          [](const std::string& name) { return name.front() != '_'; });
    std::string text = kBeginning;
    for (const std::string& name : names) text += row(*OpRegistry::global().find(name));
    return text;
  }

 private:
  std::string row(const RegisteredOp& op) const {
    const KernelRegistry& cpu = cpu_backend().kernels();
    DTypes on_cpu = dtypes_of(cpu, op.name);
    const bool is_loop = op.elementwise != nullptr;
    const bool is_plan = op.is_variable || op.action != PlanAction::kKernel || on_cpu.empty();
    const bool is_host = op.action == PlanAction::kHost || op.action == PlanAction::kCall;
    const std::string runs_as = is_loop ? "loop" : is_host ? "host" : is_plan ? "plan" : "kernel";
    if (is_loop) on_cpu.merge(dtypes_of_loop(op));
    const std::string gradient = op.gradient != nullptr ? "yes"
                                 : op.differentiable    ? "none"
                                                        : "stops";
    const std::string name = "`" + op.name + "`";
    const bool takes_any = is_host || runs_as == "plan";
    const std::string all = takes_any ? "any" : described(on_cpu);
    const auto [cuda, recorded] = of_cuda(op, on_cpu, name, runs_as);
    return str("| ", name, " | ", runs_as, " | ", all, " | ", cuda, " | ", gradient, " | ",
               recorded, " |\n");
  }

  std::pair<std::string, std::string> of_cuda(const RegisteredOp& op, DTypes on_cpu,
                                              const std::string& name,
                                              const std::string& runs_as) const {
    if (runs_as == "host") return {"", ""};
    if (runs_as == "plan") return {"=", ""};
    on_cpu.erase(DType::string);
    if (runs_as == "loop") return {"=", "yes"};
    if (cuda_ == nullptr) {
      const auto known = page_.find(name);
      if (known == page_.end() || known->second.size() < 5) return {"=", "yes"};
      return {known->second[2], known->second[4]};
    }
    const DTypes on_cuda = dtypes_of(*cuda_, op.name);
    if (on_cuda.empty()) return {"", ""};
    const bool has_all =
        std::includes(on_cuda.begin(), on_cuda.end(), on_cpu.begin(), on_cpu.end());
    return {has_all ? "=" : described(on_cuda), recordable(*cuda_, op.name) ? "yes" : "no"};
  }

  const KernelRegistry* const cuda_;
  const std::map<std::string, Cells> page_ = rows_of_page();
};

TEST(OperationsPageTest, SaysWhatTheRegistriesSay) {
  const KernelRegistry* cuda = nullptr;
#ifdef TENON_CUDA_MODULE
  const Module module = open_module_file(TENON_CUDA_MODULE);
  ASSERT_NE(module.api, nullptr) << module.status;
  cuda = &module.api->backend()->kernels();
#endif
  const std::string wanted = PageWriter(cuda).write();
  if (std::getenv("TENON_REWRITE_PAGES") != nullptr) std::ofstream(kPage) << wanted;
  std::ostringstream page;
  page << std::ifstream(kPage).rdbuf();
  std::istringstream have(page.str()), want(wanted);
  std::string line, other;
  for (int number = 1; std::getline(want, other); ++number) {
    std::getline(have, line);
    ASSERT_EQ(line, other) << "docs/operations.md, line " << number << ". To rewrite it:\n"
                           << "  TENON_REWRITE_PAGES=1 build/release/tests/test_modules "
                           << "--gtest_filter='OperationsPage*'";
  }
  EXPECT_EQ(page.str(), wanted);
}

}  // namespace
}  // namespace tenon::internal
