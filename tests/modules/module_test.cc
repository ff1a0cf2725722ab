// Modules: how they are found, opened and refused.
#include "core/backend/module.h"

#include <gmock/gmock.h>

#include "tests/testing/command.h"

namespace tenon::internal {
namespace {

using ::testing::HasSubstr;

std::string part(const std::string& name) {
  return TENON_BINARY_DIR "/tests/modules/lib" + name + ".so";
}

TEST(ModuleTest, GivesWhatItsEntryAnswers) {
  const Module module = open_module_file(part("module_that_works"));
  ASSERT_NE(module.api, nullptr) << module.status;
  EXPECT_EQ(module.status, part("module_that_works"));
  EXPECT_EQ(module.api->backend, nullptr);
  const KernelRegistry& kernels = *module.api->kernels();
  EXPECT_TRUE(kernels.has_kernel("OfAModule", DType::float32));
}

// The module has its own copy of what tensors are made of.
TEST(ModuleTest, KernelsReadTheTensorsOfTheProgram) {
  const Module module = open_module_file(part("module_that_works"));
  ASSERT_NE(module.api, nullptr) << module.status;
  const KernelRegistration& found = *module.api->kernels()->find("OfAModule", DType::float32);
  EXPECT_EQ(found.prepare({.op = "OfAModule", .values = {Tensor(int32_t{48})}}).workspace_bytes,
            48);
}

TEST(ModuleTest, RefusesOneMadeForOtherHeaders) {
  const Module module = open_module_file(part("module_for_other_headers"));
  EXPECT_EQ(module.api, nullptr);
  EXPECT_THAT(module.status, HasSubstr("was made for another build of Tenon"));
}

TEST(ModuleTest, SaysWhichLibraryIsMissing) {
  const Module module = open_module_file(part("module_that_needs_a_library"));
  EXPECT_EQ(module.api, nullptr);
  EXPECT_THAT(module.status, HasSubstr("liblibrary_of_a_module.so: cannot open shared object"));
}

TEST(ModuleTest, SaysWhyAModuleFindsItselfUseless) {
  const Module module = open_module_file(part("module_that_refuses"));
  EXPECT_EQ(module.api, nullptr);
  EXPECT_EQ(module.status, part("module_that_refuses") + ": the driver is too old");
}

TEST(ModuleTest, RefusesALibraryThatIsNone) {
  const Module module = open_module_file(part("library_of_a_module"));
  EXPECT_EQ(module.api, nullptr);
  EXPECT_THAT(module.status, HasSubstr("tenon_module_entry"));
}

TEST(ModuleTest, SaysWhereItLooked) {
  const Module module = open_module("tenon_nonsense");
  EXPECT_EQ(module.api, nullptr);
  EXPECT_THAT(module.status, HasSubstr("libtenon_nonsense.so is not there (looked in "));
  EXPECT_THAT(module.status, HasSubstr(TENON_BINARY_DIR));
}

// The number follows the headers as they are on disk.
TEST(ModuleTest, TheAbiIsAHashOfTheHeaders) {
  const auto printed =
      test::run_command("cmake -P '" TENON_SOURCE_DIR "/cmake/ModuleAbi.cmake' 2>&1");
  ASSERT_EQ(printed.status, 0) << printed.output;
  EXPECT_EQ(std::stoull(printed.output, nullptr, 16), module_abi()) << printed.output;
}

}  // namespace
}  // namespace tenon::internal
