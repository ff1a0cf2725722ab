// The program tenon, as somebody calls it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tenon/checkpoint.h"
#include "tests/testing/command.h"
#include "tests/testing/temporary_folder.h"
#include "tests/testing/tensors.h"

namespace tenon::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kCifar = std::string(TENON_SOURCE_DIR) + "/samples/data/cifar/cifar.pb";
const std::string kData = std::string(TENON_SOURCE_DIR) + "/tests/io/data/";

CommandResult run_tenon(const std::string& arguments) {
  return run_command("'" TENON_BINARY_DIR "/tools/tenon' " + arguments);
}

// What goes to standard error alone.
CommandResult run_for_messages(const std::string& arguments) {
  return run_tenon(arguments + " 2>&1 >/dev/null");
}

std::vector<std::string> names_of(const std::string& path) {
  std::vector<std::string> names;
  for (const auto& variable : train::list_variables(path)) names.push_back(variable.name);
  return names;
}

// A file of the tensors a/w and b.
class TenonCommandTest : public testing::Test {
 protected:
  TenonCommandTest() { write("x.npz", 2.0f); }
  void write(const std::string& name, float second) const {
    const std::vector<Tensor> tensors = {Tensor({1.0f, second, -4.0f}), Tensor(int32_t{7})};
    train::CheckpointWriter writer(folder_ / name, {{.name = "a/w", .dtype = float32, .shape = {3}},
                                                    {.name = "b", .dtype = int32}});
    writer.add("a/w", tensors[0]);
    writer.add("b", tensors[1]);
    writer.finish();
  }
  TemporaryFolder folder_;
};

TEST_F(TenonCommandTest, InspectListsTensorsAndSums) {
  const CommandResult listed = run_tenon("inspect " + (folder_ / "x.npz"));
  EXPECT_EQ(listed.status, 0);
  EXPECT_EQ(listed.output,
            "a/w  float32   (3,)  12 bytes\n"
            "b    int32     ()    4 bytes\n"
            "2 tensors, 4 elements, 16 bytes\n");
}

TEST_F(TenonCommandTest, InspectShowsValuesAndStatistics) {
  const std::string path = folder_ / "x.npz";
  EXPECT_EQ(run_tenon("inspect --tensor a/w " + path).output,
            "a/w  float32   (3,)  12 bytes\n[1 2 -4]\n1 tensors, 3 elements, 12 bytes\n");
  EXPECT_THAT(run_tenon("inspect --stats " + path).output,
              HasSubstr("12 bytes  min -4, max 2, mean -0.333333, l2 4.58258\n"));
  EXPECT_THAT(run_tenon("inspect --file_name=" + path + " --tensor_name=b").output,
              HasSubstr("\n7\n"));
  EXPECT_THAT(run_tenon("inspect --file_name " + path + " --all_tensors").output,
              HasSubstr("[1 2 -4]\n"));
}

TEST_F(TenonCommandTest, InspectPrintsJson) {
  const auto json =
      nlohmann::json::parse(run_tenon("inspect --json --stats " + (folder_ / "x.npz")).output);
  const nlohmann::json& w = json.at("tensors").at(0);
  EXPECT_EQ(w.at("name"), "a/w");
  EXPECT_EQ(w.at("dtype"), "float32");
  EXPECT_EQ(w.at("shape"), nlohmann::json({3}));
  EXPECT_EQ(w.at("bytes"), 12);
  EXPECT_EQ(w.at("min"), -4);
  EXPECT_EQ(w.at("max"), 2);
  EXPECT_DOUBLE_EQ(w.at("mean"), -1.0 / 3);
  EXPECT_DOUBLE_EQ(w.at("l2"), std::sqrt(21.0));
  const auto plain = nlohmann::json::parse(run_tenon("inspect --json " + kData + "v2").output);
  EXPECT_EQ(plain.at("tensors").size(), 19u);
  EXPECT_FALSE(plain.at("tensors").at(0).contains("min"));
}

TEST_F(TenonCommandTest, DiffSaysWhatDiffers) {
  write("y.npz", 2.5f);
  const std::string x = folder_ / "x.npz", y = folder_ / "y.npz";
  const CommandResult same = run_tenon("diff " + x + " " + x);
  EXPECT_EQ(same.status, 0);
  EXPECT_EQ(same.output, "");
  const CommandResult other = run_tenon("diff " + x + " " + y);
  EXPECT_EQ(other.status, 1);
  EXPECT_EQ(other.output, "other values: a/w, 1 of 3, by at most 0.5\n");
  const CommandResult names = run_tenon("diff " + x + " " + kData + "nameless/");
  EXPECT_EQ(names.status, 1);
  EXPECT_THAT(names.output, StartsWith("only in " + x + ": a/w\nonly in " + x + ": b\nonly in "));
}

TEST_F(TenonCommandTest, ConvertsBetweenAllFormatsBitForBit) {
  const std::string f = folder_.path();
  EXPECT_EQ(run_tenon("convert " + kData + "v1.ckpt " + f + "/bundle").status, 0);
  EXPECT_EQ(run_tenon("convert " + f + "/bundle " + f + "/y.npz").status, 0);
  EXPECT_EQ(run_tenon("diff " + kData + "v1.ckpt " + f + "/y.npz").status, 0);
  EXPECT_EQ(run_tenon("convert " + kData + "sharded " + f + "/z.npz").status, 0);
  const CommandResult refused = run_for_messages("convert " + kData + "v2 " + f + "/z.safetensors");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.output, HasSubstr("can't hold tensor all/string of dtype string"));
  EXPECT_EQ(run_tenon("convert " + f + "/x.npz " + f + "/z.safetensors").status, 0);
  EXPECT_EQ(run_tenon("diff " + f + "/x.npz " + f + "/z.safetensors").status, 0);
}

TEST_F(TenonCommandTest, RenamesByNameAndByPattern) {
  const std::string x = folder_ / "x.npz", y = folder_ / "y.npz";
  EXPECT_EQ(run_tenon("rename " + x + " " + y + " --name b c --pattern '^a/' 'layer/'").status, 0);
  EXPECT_THAT(names_of(y), ElementsAre("c", "layer/w"));
  const CommandResult twice = run_for_messages("rename " + x + " " + y + " --pattern '^.*$' z");
  EXPECT_EQ(twice.status, 1);
  EXPECT_EQ(twice.output, "tenon: a/w and b would both be called z\n");
  const CommandResult none = run_for_messages("rename " + x + " " + y + " --name d e");
  EXPECT_EQ(none.status, 1);
  EXPECT_EQ(none.output, "tenon: there is no tensor d to rename\n");
}

TEST_F(TenonCommandTest, SaysWhatTheMachineHas) {
  EXPECT_THAT(run_tenon("devices").output, HasSubstr("/device:CPU:0  CPU  "));
  EXPECT_THAT(run_tenon("env").output, StartsWith("tenon 0.1"));
  EXPECT_THAT(run_command("OMP_NUM_THREADS=3 '" TENON_BINARY_DIR "/tools/tenon' env").output,
              HasSubstr("OMP_NUM_THREADS=3\n"));
}

TEST_F(TenonCommandTest, TellsWrongCallsFromFailures) {
  for (const char* call : {"", "frobnicate", "inspect", "inspect a b", "inspect --what a",
                           "inspect a --tensor", "diff a", "rename a b --pattern '(' x"}) {
    const CommandResult result = run_for_messages(call);
    EXPECT_EQ(result.status, 2) << call;
    EXPECT_THAT(result.output, HasSubstr("Usage: tenon ")) << call;
    EXPECT_THAT(run_tenon(std::string(call) + " 2>/dev/null").output, IsEmpty());
  }
  const CommandResult failed = run_for_messages("inspect /nowhere/model");
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.output, StartsWith("tenon: There is no checkpoint /nowhere/model"));
  EXPECT_THAT(failed.output, Not(HasSubstr("asked for at"))) << "a line of the tool's";
  EXPECT_EQ(run_tenon("inspect " + (folder_ / "x.npz") + " >/dev/full 2>&1").status, 1);
}

TEST_F(TenonCommandTest, ExplainsItself) {
  EXPECT_THAT(run_tenon("--help").output, StartsWith("Usage: tenon COMMAND"));
  for (const char* name :
       {"inspect", "diff", "rename", "convert", "run", "graph", "devices", "env"}) {
    const CommandResult help = run_tenon(std::string(name) + " --help");
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.output, StartsWith("Usage: tenon " + std::string(name)));
  }
}

TEST_F(TenonCommandTest, RunsModels) {
  const std::string data = std::string(TENON_SOURCE_DIR) + "/tests/import/data/";
  const std::string out = folder_ / "out.npz";
  EXPECT_EQ(run_tenon("run " + kCifar + " --feed " + data +
                      "cifar.feed.npz --fetch Output:0 --out " + out)
                .status,
            0);
  const Tensor answer = train::load_variable(out, "Output:0");
  EXPECT_TRUE(
      answer.allclose(train::load_variable(data + "cifar.want.npz", "Output:0"), 1e-4, 1e-5));
  EXPECT_EQ(
      run_tenon("run " + data + "counter --signature incr_counter --fetch output --out " + out)
          .status,
      0);
  EXPECT_EQ(train::load_variable(out, "output").scalar<float>(), 1.0f);
  EXPECT_EQ(run_for_messages("run").status, 2);
  EXPECT_EQ(run_for_messages("run x.pb --fetch y:0").status, 2);
  const CommandResult none = run_for_messages("run " + (folder_ / "none.pb"));
  EXPECT_EQ(none.status, 1);
  EXPECT_THAT(none.output, HasSubstr("none.pb"));
}

// Models with what is in them.
const std::string kModels = std::string(TENON_SOURCE_DIR) + "/tests/import/data/";

TEST_F(TenonCommandTest, ShowsWhatIsInAGraph) {
  const CommandResult shown = run_tenon("graph show " + kModels + "regression.meta");
  EXPECT_EQ(shown.status, 0);
  EXPECT_THAT(shown.output, HasSubstr("W/read (Identity) float32 () <- W:0\n"));
  const CommandResult sum = run_tenon("graph summary " + kModels + "regression.meta");
  EXPECT_THAT(sum.output, HasSubstr("2 variables of 2 elements and 8 bytes\n"));
  EXPECT_THAT(sum.output, HasSubstr("  VariableV2 2\n"));
  EXPECT_THAT(sum.output, HasSubstr("Inputs:\n  X:0 float32 <unknown>\n"));
  const CommandResult model = run_tenon("graph summary " + kModels + "counter");
  EXPECT_THAT(model.output, HasSubstr("    takes delta: "));
}

TEST_F(TenonCommandTest, DrawsGraphs) {
  const CommandResult dot = run_tenon("graph dot " + kModels + "regression.meta");
  EXPECT_THAT(dot.output, StartsWith("digraph model {\n"));
  EXPECT_THAT(dot.output, HasSubstr("  \"W\" -> \"W/read\";\n"));
  const CommandResult svg = run_tenon("graph dot --svg " + kModels + "regression.meta");
  EXPECT_THAT(svg.output, StartsWith("<svg xmlns="));
  EXPECT_THAT(svg.output, HasSubstr("<title>W/read (Identity)</title>"));
}

TEST_F(TenonCommandTest, ChecksWhetherAModelIsSupported) {
  const CommandResult whole = run_tenon("graph check " + kCifar);
  EXPECT_EQ(whole.status, 0);
  EXPECT_THAT(whole.output, StartsWith("All "));
  // A node of a type that nobody has: name, op.
  std::ofstream(folder_ / "odd.pb", std::ios::binary)
      << std::string("\x0a\x0a\x0a\x01x\x12\x05OddOp", 12);
  const CommandResult odd = run_tenon("graph check " + (folder_ / "odd.pb"));
  EXPECT_EQ(odd.status, 1);
  EXPECT_THAT(odd.output, HasSubstr("operation type OddOp, 1 time, in 'x'"));
}

TEST_F(TenonCommandTest, FreezesModels) {
  const std::string out = folder_ / "frozen.pb";
  EXPECT_EQ(run_tenon("graph freeze " + kModels + "regression.meta --checkpoint " + kModels +
                      "regression --output W/read --out " + out)
                .status,
            0);
  EXPECT_EQ(run_tenon("run " + out + " --fetch W/read:0 --out " + (folder_ / "w.npz")).status, 0);
  EXPECT_EQ(train::load_variable(folder_ / "w.npz", "W|read:0"),
            train::load_variable(kModels + "regression", "W"));
  EXPECT_EQ(run_for_messages("graph freeze " + out).status, 2);
  EXPECT_EQ(run_for_messages("graph paint " + out).status, 2);
  EXPECT_EQ(run_for_messages("graph show").status, 2);
}

TEST_F(TenonCommandTest, AFileStaysWhereFreezingFails) {
  const std::string out = folder_ / "frozen.pb";
  put_file(out, "an earlier one");
  const CommandResult failed =
      run_for_messages("graph freeze " + kModels + "regression.meta --output W/read --out " + out);
  EXPECT_EQ(failed.status, 1);
  EXPECT_THAT(failed.output, HasSubstr("uninitialized value W"));
  EXPECT_EQ(file_contents(out), "an earlier one");
}

TEST_F(TenonCommandTest, FreezingSaysWhereItCannotWrite) {
  const std::string freeze = "graph freeze " + kModels + "regression.meta --checkpoint " + kModels +
                             "regression --output W/read --out ";
  for (const std::string& out : {std::string("/dev/full"), folder_ / "none/frozen.pb"}) {
    const CommandResult failed = run_for_messages(freeze + out);
    EXPECT_EQ(failed.status, 1);
    EXPECT_THAT(failed.output, HasSubstr("can't write " + out));
  }
}

}  // namespace
}  // namespace tenon::test
