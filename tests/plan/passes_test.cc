// Each pass over a small graph, and the table that lists them.
#include "core/plan/passes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "tests/plan/pass_fixture.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string contents(const std::string& path) {
  std::ifstream file(std::string(TENON_SOURCE_DIR) + "/" + path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(PassTableTest, ReadmeListsThePassesInOrder) {
  std::string list = "place";
  for (const Pass& pass : passes()) list += ", " + std::string(pass.name);
  const std::string text = std::regex_replace(contents("README.md"), std::regex("\\s+"), " ");
  EXPECT_NE(text.find("one file a pass: " + list + " core/"), std::string::npos) << list;
}

TEST(PassTableTest, ThePageOnArchitectureHasTheTable) {
  std::string table;
  for (const Pass& pass : passes()) {
    table += "| " + std::string(pass.name) + " | " + std::string(pass.does) + " |\n";
  }
  EXPECT_NE(contents("docs/architecture.md").find("|---|---|\n" + table + "\n"), std::string::npos)
      << table;
}

TEST(PassTableTest, EveryPassHasAFileThatSaysWhatItDoes) {
  for (const Pass& pass : passes()) {
    const std::string name(pass.name);
    std::string title = name;
    title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    EXPECT_NE(contents("core/plan/" + name + ".cc").find("// " + title + ": "), std::string::npos)
        << name;
    EXPECT_FALSE(pass.does.empty()) << name;
  }
}

class PassesTest : public PassTest {};

TEST_F(PassesTest, ShowTheGraphBehindThosePassesThatAreAskedFor) {
  const Output y = square(x_, {.name = "y"});
  environment_ = std::make_unique<TestEnvironment>(*graph_.state());
  request_ = {.fetches = {{y.op().node(), 0}},
              .feeds = {{.endpoint = {x_.op().node(), 0}, .dtype = float32, .shape = {2}}}};
  bound_ = std::make_unique<Plan>();
  PassContext context{*graph_.state(), request_, *environment_, *bound_};
  std::vector<std::string> dumped;
  run_passes(plan_, context, "need,fuse", [&](const Pass& pass, const std::string& text) {
    dumped.push_back(std::string(pass.name) + "\n" + text);
  });
  ASSERT_EQ(dumped.size(), 2u);
  EXPECT_EQ(dumped[0].substr(0, 5), "need\n");
  EXPECT_NE(dumped[1].find("Square y"), std::string::npos) << dumped[1];
}

TEST_F(PassesTest, PruneCopiesWhatTheFetchDependsOn) {
  const Output y = square(x_, {.name = "y"});
  exp(x_, {.name = "other"});
  run_to("prune", {y});
  EXPECT_THAT(names(), ElementsAre("y"));
  EXPECT_EQ(plan_.fetches().size(), 1u);
}

TEST_F(PassesTest, PruneSaysWhichVariablesAreReadAndWritten) {
  const Variable v = get_variable("v", {.shape = {2}});
  const Output added = v.assign_add(x_, {.name = "added"});
  run_to("prune", {v.value()}, {added.op()});
  ASSERT_EQ(plan_.variables().size(), 1u);
  const PlanOp& read = plan_.op(find("v/read", StepKind::kNothing));
  EXPECT_THAT(read.reads, ElementsAre(VariableId(0)));
  bool writes = false;
  for (const OpId id : plan_.ops()) writes |= !plan_.op(id).writes.empty();
  EXPECT_TRUE(writes);
}

TEST_F(PassesTest, SpecialiseWorksOutShapesAndKnownValues) {
  run_to("specialise", {x_ + constant(2.0f) * 3.0f});
  const PlanValue& sum = plan_.value(plan_.fetches()[0]);
  EXPECT_EQ(sum.shape, Shape({2}));
  EXPECT_FALSE(sum.constant);
  int known = 0;
  for (size_t i = 0; i < plan_.value_count(); ++i) {
    if (plan_.value(ValueId(i)).constant) ++known;
  }
  EXPECT_EQ(known, 3) << "both factors and their product";
}

TEST_F(PassesTest, CutEndsThePlanBeforeShapesThatOnlyTheRunKnows) {
  const Output size = cast(reduce_sum(x_), int32, {.name = "size"});
  run_to("cut", {fill(reshape(size, {1}), 1.0f)});
  ASSERT_NE(bound_->rest, nullptr);
  ASSERT_EQ(bound_->rest->frontier.size(), 1u);
  EXPECT_TRUE(bound_->rest->decides_shapes[0]);
  EXPECT_EQ(plan_.fetches().size(), 1u);
}

TEST_F(PassesTest, CutLeavesAPlanWholeWhoseShapesAreKnown) {
  run_to("cut", {square(x_)});
  EXPECT_EQ(bound_->rest, nullptr);
}

TEST_F(PassesTest, NeedErasesWhatIsKnownOrOfWhichOnlyTheShapeMatters) {
  const Output y = square(x_, {.name = "y"});
  run_to("need", {fill(shape(y), 2.0f, {.name = "filled"})});
  for (const OpId id : plan_.ops()) {
    const PlanOp& op = plan_.op(id);
    if (op.node->name == "y") {
      EXPECT_TRUE(op.only_orders);
    }
  }
}

TEST_F(PassesTest, NeedRefusesAPlaceholderThatIsNotFed) {
  const Output other = placeholder(float32, {2}, {.name = "other"});
  EXPECT_ERROR(run_to("need", {other + x_}), InvalidArgumentError, must_feed,
               "You must feed a value for placeholder tensor 'other'");
}

TEST_F(PassesTest, SimplifyLeavesOutNamesOfOtherValues) {
  const Output twice = identity(identity(square(x_, {.name = "y"}), {.name = "a"}), {.name = "b"});
  run_to("simplify", {exp(stop_gradient(twice), {.name = "z"})});
  EXPECT_THAT(names(), ElementsAre("y", "z"));
  const OpId z = find("z", StepKind::kElementwise);
  EXPECT_EQ(plan_.value(plan_.op(z).input(0)).producer(), find("y", StepKind::kElementwise));
}

TEST_F(PassesTest, SimplifyKeepsNamesThatAreFetchedOrWaitedForOrReadAVariable) {
  const Output y = square(x_, {.name = "y"});
  const Output fetched = identity(y, {.name = "fetched"}),
               awaited = identity(y, {.name = "awaited"});
  const Variable v = get_variable("v", {.shape = {2}, .use_resource = false});
  Output waits;
  {
    const auto after = control_dependencies({awaited});
    waits = identity(y, {.name = "waits"});
  }
  run_to("simplify", {fetched, exp(waits) + exp(v.read_value())});
  const std::vector<std::string> left = names();
  for (const char* name : {"fetched", "awaited", "waits"}) {
    EXPECT_THAT(left, ::testing::Contains(name));
  }
}

TEST_F(PassesTest, SimplifySettlesWhatIsDone) {
  const Output y = reshape(square(x_, {.name = "y"}), {2, 1}, {.name = "z"});
  run_to("simplify", {y});
  EXPECT_THAT(names(StepKind::kElementwise), ElementsAre("y"));
  const PlanOp& reshaped = plan_.op(find("z", StepKind::kNothing));
  EXPECT_EQ(plan_.owner_id(reshaped.output()), plan_.owner_id(reshaped.input(0)));
  EXPECT_EQ(plan_.value(reshaped.output()).shape, Shape({2, 1}));
}

TEST_F(PassesTest, FuseJoinsAChainAndErasesWhatItTookIn) {
  run_to("fuse", {square(exp(x_), {.name = "y"})});
  EXPECT_THAT(names(StepKind::kElementwise), ElementsAre("y"));
}

// Joined, the product would be made after the write and see it.
TEST_F(PassesTest, FuseLeavesAReadBeforeAWriteWhereItIs) {
  const Variable v = get_variable("v", {.shape = {2}});
  const Output before = multiply(v, 2.0f, {.name = "before"});
  const Output added = v.assign_add(x_, {.name = "added"});
  Output after;
  {
    const ScopeGuard behind = control_dependencies({added});
    after = add(identity(before), exp(x_), {.name = "after"});
  }
  run_to("order", {after});
  EXPECT_TRUE(comes_before(find("before", StepKind::kElementwise),
                           find(added.op().name(), StepKind::kElementwise)));
}

TEST_F(PassesTest, OrderPutsReadersBeforeWritersThatNothingOrders) {
  const Variable v = get_variable("v", {.shape = {2}});
  const Output added = v.assign_add(x_);
  const Output read = multiply(v, 2.0f, {.name = "read"});
  run_to("order", {read}, {added.op()});
  EXPECT_TRUE(comes_before(find("read", StepKind::kElementwise),
                           find(added.op().name(), StepKind::kElementwise)));
  plan_.verify_reads();
}

TEST_F(PassesTest, VerifyingSeesAReadThatAWriteOverwrites) {
  const Variable v = get_variable("v", {.shape = {2}});
  const Output added = v.assign_add(x_);
  const Output read = multiply(v, 2.0f, {.name = "read"});
  run_to("order", {read}, {added.op()});
  plan_.move_behind(find("read", StepKind::kElementwise),
                    find(added.op().name(), StepKind::kElementwise));
  EXPECT_ERROR(plan_.verify_reads(), RuntimeError, bad_argument, "has overwritten");
}

TEST_F(PassesTest, OrderCopiesWhatIsReadOfAResourceAndUsedBehindAWrite) {
  const Variable v = get_variable("v", {.shape = {2}, .use_resource = true});
  const Output read = v.read_value();
  Output added;
  {
    const ScopeGuard first = control_dependencies({read});
    added = v.assign_add(x_);
  }
  const ScopeGuard behind = control_dependencies({added});
  run_to("order", {square(identity(read) + exp(x_) * 0.0f)});
  EXPECT_EQ(names(StepKind::kCopy).size(), 1u) << plan_.to_string();
}

TEST_F(PassesTest, BindPreparesAKernelForEachStep) {
  run_to("bind", {reduce_sum(square(x_))});
  ASSERT_EQ(bound_->steps.size(), 2u);
  for (const Step& step : bound_->steps) EXPECT_TRUE(step.kernel.launch);
  EXPECT_TRUE(bound_->slots.empty());
}

TEST_F(PassesTest, MemoryLetsAnElementwiseResultTakeWhatDies) {
  const Output sums = cumsum(x_);
  run_to("memory", {cumsum(square(sums, {.name = "y"}))});
  ASSERT_EQ(bound_->steps.size(), 3u);
  EXPECT_EQ(bound_->steps[1].inputs, bound_->steps[1].outputs);
  EXPECT_EQ(bound_->slots[static_cast<size_t>(bound_->outputs[0].slot)].place,
            Slot::Place::kOutput);
}

TEST_F(PassesTest, MemoryLeavesAloneWhatIsUsedAgain) {
  const Output sums = cumsum(x_);
  run_to("memory", {cumsum(exp(cumsum(square(sums))) + sums)});
  for (const Step& step : bound_->steps) {
    if (step.node->type() == "Square") {
      EXPECT_NE(step.inputs, step.outputs);
    }
  }
}

class GpuPassesTest : public GpuPassTest {};

TEST_F(GpuPassesTest, RecordFindsStepsInARowOnOneGpu) {
  run_to("record", {cumsum(square(cumsum(square(x_))))});
  ASSERT_EQ(bound_->segments.size(), 1u);
  const Segment& segment = bound_->segments[0];
  EXPECT_EQ(segment.device, 1);
  EXPECT_GE(segment.end - segment.begin, 4u);
}

TEST_F(PassesTest, RecordFindsNothingOnTheHost) {
  run_to("record", {square(cumsum(square(x_)))});
  EXPECT_THAT(bound_->segments, IsEmpty());
}

}  // namespace
}  // namespace tenon::internal
