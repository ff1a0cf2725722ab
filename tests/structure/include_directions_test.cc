// Which folder may include which: the README's order, read from the sources themselves.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

// A folder includes folders to its left, itself, and public headers of these.
const std::vector<std::string> kLayers = {
    "base",     "tensor", "backend",   "kernels", "io",     "graph", "ops",  "variables", "layers",
    "training", "plan",   "transport", "session", "export", "saver", "loop", "import"};

// The layer that a public header belongs to. Every one must be listed.
const std::map<std::string, std::string> kPublicHeaders = {
    {"export.h", "base"},
    {"error.h", "base"},
    {"inline_vector.h", "base"},
    {"list_of.h", "base"},
    {"context.h", "base"},
    {"dtype.h", "tensor"},
    {"shape.h", "tensor"},
    {"tensor.h", "tensor"},
    {"device.h", "tensor"},
    {"checkpoint.h", "io"},
    {"import_graph_def.h", "import"},
    {"import_meta_graph.h", "import"},
    {"saved_model.h", "import"},
    {"export_meta_graph.h", "saver"},
    {"graph_util.h", "saver"},
    {"file_writer.h", "io"},
    {"graph.h", "graph"},
    {"gradient_overrides.h", "graph"},
    {"slicing.h", "graph"},
    {"ops.h", "ops"},
    {"nn.h", "ops"},
    {"op_arguments.h", "ops"},
    {"math_ops.h", "ops"},
    {"special_math_ops.h", "ops"},
    {"bitwise.h", "ops"},
    {"function_op.h", "ops"},
    {"array_ops.h", "ops"},
    {"arrange_ops.h", "ops"},
    {"audio_ops.h", "ops"},
    {"image_ops.h", "ops"},
    {"index_ops.h", "ops"},
    {"random_ops.h", "ops"},
    {"sparse_ops.h", "ops"},
    {"check_ops.h", "ops"},
    {"control_flow.h", "ops"},
    {"variable.h", "variables"},
    {"state_ops.h", "variables"},
    {"variable_scope.h", "variables"},
    {"variable_creator.h", "variables"},
    {"template.h", "variables"},
    {"collections.h", "variables"},
    {"initializers.h", "variables"},
    {"regularizers.h", "variables"},
    {"partitioners.h", "variables"},
    {"summary.h", "variables"},
    {"gradient_accumulation.h", "training"},
    {"custom_gradient.h", "training"},
    {"gradients.h", "training"},
    {"gradient_checker.h", "session"},
    {"optimizer.h", "training"},
    {"optimizers.h", "training"},
    {"global_step.h", "training"},
    {"learning_rates.h", "training"},
    {"moving_averages.h", "training"},
    {"device_setter.h", "training"},
    {"losses.h", "layers"},
    {"metrics.h", "layers"},
    {"layer.h", "layers"},
    {"layers.h", "layers"},
    {"rnn.h", "layers"},
    {"session.h", "session"},
    {"fetch_structures.h", "session"},
    {"server.h", "session"},
    {"all_reduce.h", "session"},
    {"init_from_checkpoint.h", "saver"},
    {"saver.h", "saver"},
    {"basic_session_run_hooks.h", "loop"},
    {"coordinator.h", "loop"},
    {"monitored_session.h", "loop"},
    {"scaffold.h", "loop"},
    {"session_run_hook.h", "loop"},
    {"cuda.h", "session"},
};

// A file and what it includes against the rule, each with its reason.
const std::set<std::pair<std::string, std::string>> kAllowed = {
    {"cuda/loader/wrap.cc", "tenon/cuda.h"},  // defines what that declares
};

struct Include {
  std::string header;
  bool angled = false;
  int line = 0;
};

std::vector<Include> read_includes(std::istream& source) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> includes;
  std::string text;
  for (int line = 1; std::getline(source, text); ++line) {
    std::smatch match;
    if (std::regex_search(text, match, pattern)) {
      includes.push_back({match[2], match[1] == "<", line});
    }
  }
  return includes;
}

size_t position(const std::string& layer) {
  return std::find(kLayers.begin(), kLayers.end(), layer) - kLayers.begin();
}

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

std::string first_folder(const std::string& path) { return path.substr(0, path.find('/')); }

// The layer of "core/graph/node.h" or "tenon/graph.h"; empty for what is no header of ours.
std::string layer_of_header(const std::string& header) {
  if (starts_with(header, "tenon/")) {
    auto found = kPublicHeaders.find(header.substr(6));
    return found == kPublicHeaders.end() ? "" : found->second;
  }
  return starts_with(header, "core/") ? first_folder(header.substr(5)) : "";
}

// The layer that a file of core/ belongs to.
std::string layer_of_file(const std::string& file) {
  const std::string public_headers = "core/include/";
  if (starts_with(file, public_headers)) return layer_of_header(file.substr(public_headers.size()));
  return layer_of_header(file);
}

bool is_our_header(const std::string& header) {
  const std::string top = first_folder(header);
  return top == "core" || top == "tenon" || top == "cpu_fallback" || top == "tests" ||
         top == "samples" || top == "bench" || top == "cuda" || top == "onednn" || top == "mpi" ||
         top == "tools";
}

// What is wrong with `file` including this; empty if nothing is.
std::string verdict(const std::string& file, const Include& include) {
  const std::string& header = include.header;
  if (kAllowed.count({file, header}) > 0) return "";
  if (first_folder(header) == "oneapi") {
    return file == "onednn/shim.h" ? "" : "only onednn/shim.h includes oneDNN";
  }
  if (header == "mpi.h") {
    const bool compares = file == "bench/cluster.cc";  // with MPI's own calls
    return compares || file == "mpi/messenger.h" ? "" : "only mpi/messenger.h includes MPI";
  }
  if (first_folder(header) == "tbb") {
    return file == "core/base/parallel.cc" ? "" : "only core/base/parallel.cc includes oneTBB";
  }
  const std::string top = first_folder(file);
  if (top == "samples") {
    const bool standard = include.angled && header.find('/') == std::string::npos;
    if (file == "samples/embed_cuda.cu" && header == "tenon/cuda.h") return "";
    return standard || header == "tenon/tenon.h" || starts_with(header, "support/")
               ? ""
               : "a sample includes only <tenon/tenon.h> and the samples' own helpers";
  }
  if (top == "tests") return "";
  if (top == "bench") {
    return header == "tenon/tenon.h" || !is_our_header(header) || starts_with(header, "bench/")
               ? ""
               : "a benchmark sees only the public API";
  }
  if (top == "tools") {
    return starts_with(header, "tenon/") || header == "core/tensor/half.h" ||
                   !is_our_header(header) || starts_with(header, "tools/")
               ? ""
               : "a tool sees the public API, and how numbers of 16 bits are stored";
  }
  // The public header of a backend is one of the session's: it needs no header of the backend.
  if (file == "cuda/include/tenon/cuda.h") {
    return first_folder(header) == "tenon" || !is_our_header(header)
               ? ""
               : "tenon/cuda.h includes only public headers";
  }
  if (starts_with(file, "core/include/")) {
    if (header == "tenon/tenon.h") return "tenon.h is for users";
    if (!is_our_header(header)) {
      return include.angled && (header.find('.') == std::string::npos)
                 ? ""
                 : "a public header includes only the C++ library and tenon/";
    }
    if (!starts_with(header, "tenon/")) return "a public header includes no private one";
    if (file == "core/include/tenon/tenon.h") return "";
  }
  if (!is_our_header(header)) return "";
  if (first_folder(header) != "core" && first_folder(header) != "tenon") {
    return top == first_folder(header) ? "" : top + " doesn't include " + first_folder(header);
  }
  const std::string to = layer_of_header(header);
  if (position(to) == kLayers.size()) return "header of no layer: list it in this test";
  if (top == "core") {
    const std::string from = layer_of_file(file);
    if (position(from) == kLayers.size()) return "file of no layer: list it in this test";
    return position(to) <= position(from) ? "" : from + " comes before " + to;
  }
  return position(to) <= position("kernels") ? ""
                                             : top + " sees only base, tensor, backend and kernels";
}

std::string verdict(const std::string& file, const std::string& header, bool angled = false) {
  return verdict(file, Include{header, angled, 1});
}

TEST(IncludeDirectionsTest, NoFileIncludesALaterLayer) {
  const fs::path root = TENON_SOURCE_DIR;
  int files = 0;
  for (const char* folder :
       {"core", "cpu_fallback", "cuda", "onednn", "mpi", "samples", "bench", "tools"}) {
    if (!fs::exists(root / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc" && extension != ".cu") continue;
      ++files;
      const std::string file = fs::relative(entry.path(), root);
      std::ifstream source(entry.path());
      for (const Include& include : read_includes(source)) {
        const std::string wrong = verdict(file, include);
        if (!wrong.empty()) {
          ADD_FAILURE() << file << ':' << include.line << " includes " << include.header << ": "
                        << wrong;
        }
      }
    }
  }
  EXPECT_GT(files, 0);
}

TEST(IncludeDirectionsTest, EveryExceptionIsStillNeeded) {
  for (const auto& [file, header] : kAllowed) {
    std::ifstream source(fs::path(TENON_SOURCE_DIR) / file);
    const auto includes = read_includes(source);
    EXPECT_TRUE(std::any_of(includes.begin(), includes.end(),
                            [&header = header](const Include& i) { return i.header == header; }))
        << file << " doesn't include " << header << " any more";
  }
}

TEST(IncludeDirectionsTest, SeesAnArrowThatPointsBack) {
  EXPECT_EQ(verdict("core/graph/node.cc", "core/session/executor.h"), "graph comes before session");
  EXPECT_EQ(verdict("core/graph/node.cc", "tenon/session.h"), "graph comes before session");
  EXPECT_EQ(verdict("core/session/executor.cc", "core/graph/node.h"), "");
  EXPECT_EQ(verdict("core/include/tenon/graph.h", "tenon/variable.h"),
            "graph comes before variables");
  EXPECT_EQ(verdict("core/include/tenon/graph.h", "core/graph/node.h"),
            "a public header includes no private one");
}

TEST(IncludeDirectionsTest, SeesABackendAndTheCoreMix) {
  EXPECT_EQ(verdict("core/session/session.cc", "cpu_fallback/backend.h"),
            "core doesn't include cpu_fallback");
  EXPECT_EQ(verdict("cpu_fallback/backend.cc", "core/graph/node.h"),
            "cpu_fallback sees only base, tensor, backend and kernels");
  EXPECT_EQ(verdict("cpu_fallback/backend.cc", "core/backend/backend.h"), "");
  EXPECT_EQ(verdict("cpu_fallback/backend.cc", "core/kernels/philox.h"), "");
  EXPECT_EQ(verdict("core/backend/module.cc", "core/kernels/philox.h"),
            "backend comes before kernels");
  EXPECT_EQ(verdict("cpu_fallback/backend.cc", "cpu_fallback/gemm.h"), "");
}

TEST(IncludeDirectionsTest, SeesForeignHeadersWhereTheyDontBelong) {
  EXPECT_NE(verdict("cpu_fallback/backend.cc", "tbb/parallel_for.h", true), "");
  EXPECT_EQ(verdict("core/base/parallel.cc", "tbb/parallel_for.h", true), "");
  EXPECT_NE(verdict("core/transport/peers.cc", "mpi.h", true), "");
  EXPECT_NE(verdict("core/include/tenon/graph.h", "hwy/highway.h", true), "");
  EXPECT_NE(verdict("samples/digits.cc", "core/graph/node.h"), "");
  EXPECT_NE(verdict("samples/digits.cc", "tenon/graph.h", true), "");
  EXPECT_EQ(verdict("samples/digits.cc", "tenon/tenon.h", true), "");
  EXPECT_EQ(verdict("samples/digits.cc", "vector", true), "");
  EXPECT_EQ(verdict("samples/digits.cc", "support/report.h"), "");
}

}  // namespace
