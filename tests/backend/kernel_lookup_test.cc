// Which kernel a device prepares, where libraries have some beside the backend's own; and which
// backends there are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/backend/backend_registry.h"
#include "tests/testing/errors.h"

namespace tenon::internal {
namespace {

using ::testing::ElementsAre;

// A kernel that says whose it is by the workspace it wants.
template <size_t N>
Kernel numbered(const KernelRequest&) {
  return {.workspace_bytes = N, .launch = [](const Launch&) {}};
}
Kernel declining(const KernelRequest&) { return {}; }

template <PrepareFunction prepare, bool epilogues = true>
const KernelRegistry* library(const KernelRequest&) {
  static const auto* const registry = [] {
    auto* made = new KernelRegistry;
    made->add("MatMul", float32, {.prepare = prepare, .epilogues = epilogues});
    return made;
  }();
  return registry;
}
const KernelRegistry* closed(const KernelRequest&) { return nullptr; }

class KernelLookupTest : public testing::Test {
 protected:
  KernelLookupTest() {
    own_.add("MatMul", float32, {.prepare = numbered<1>, .epilogues = true, .heavy = true});
    own_.add("Add", float32, {.prepare = numbered<1>});
  }
  Kernel prepared(const std::vector<KernelLibrary>& libraries, const KernelRequest& request) {
    return prepare_kernel(libraries, own_, request, float32, "/device:CPU:0");
  }
  KernelRegistry own_;
  const KernelRequest product_{.op = "MatMul"};
};

TEST_F(KernelLookupTest, TakesTheFirstLibraryThatHasOne) {
  const Kernel kernel = prepared({{.name = "closed", .kernels = closed},
                                  {.name = "declines", .kernels = library<declining>},
                                  {.name = "second", .kernels = library<numbered<2>>},
                                  {.name = "third", .kernels = library<numbered<3>>}},
                                 product_);
  EXPECT_EQ(kernel.workspace_bytes, 2);
  EXPECT_EQ(kernel.module, "second");
}

TEST_F(KernelLookupTest, TakesTheBackendsOwnWhereNoLibraryDoes) {
  EXPECT_EQ(prepared({}, product_).workspace_bytes, 1);
  const Kernel kernel = prepared(
      {{.name = "closed", .kernels = closed}, {.name = "declines", .kernels = library<declining>}},
      product_);
  EXPECT_EQ(kernel.workspace_bytes, 1);
  EXPECT_EQ(kernel.module, "");
}

TEST_F(KernelLookupTest, AsksNoLibraryForWhatIsLight) {
  const KernelLibrary fails{.name = "fails", .kernels = [](const KernelRequest&) {
                              ADD_FAILURE() << "a library was asked";
                              return static_cast<const KernelRegistry*>(nullptr);
                            }};
  EXPECT_EQ(prepared({fails}, {.op = "Add"}).workspace_bytes, 1);
}

TEST_F(KernelLookupTest, PassesByALibraryWhoseKernelTakesNoEpilogue) {
  KernelRequest request{.op = "MatMul"};
  request.epilogue.bias = true;
  const Kernel kernel = prepared({{.name = "second", .kernels = library<numbered<2>, false>},
                                  {.name = "third", .kernels = library<numbered<3>, true>}},
                                 request);
  EXPECT_EQ(kernel.module, "third");
}

TEST_F(KernelLookupTest, SaysWhatIsMissing) {
  EXPECT_ERROR(prepared({}, {.op = "Frobnicate"}), UnimplementedError, no_kernel,
               "No kernel of operation Frobnicate is registered for dtype float32 on "
               "/device:CPU:0");
}

TEST(KernelRegistrationTest, SaysWhichInputsMayBeOverwritten) {
  const KernelRegistration none, second{.in_place = {1}}, all{.in_place = {kAnyInput}};
  EXPECT_FALSE(none.may_overwrite(0));
  EXPECT_FALSE(second.may_overwrite(0));
  EXPECT_TRUE(second.may_overwrite(1));
  EXPECT_TRUE(all.may_overwrite(7));
}

class NoBackend : public Backend {
 public:
  std::string_view device_type() const noexcept override { return "GPU"; }
  int device_count() const noexcept override { return 0; }
  const KernelRegistry& kernels() const noexcept override { return kernels_; }
  std::unique_ptr<Device> open(int, const std::string&, const DeviceOptions&) override {
    return nullptr;
  }

 private:
  KernelRegistry kernels_;
};

Backend* first() {
  static NoBackend backend;
  return &backend;
}
Backend* second() {
  static NoBackend backend;
  return &backend;
}
Backend* unusable() { return nullptr; }

TEST(BackendRegistryTest, FindsTheFirstBackendOfATypeThatCanBeUsed) {
  BackendRegistry registry;
  EXPECT_EQ(registry.find("GPU").backend, nullptr);
  registry.add({.device_type = "GPU", .kernels = "emulated", .emulated = true, .backend = first});
  EXPECT_EQ(registry.find("GPU").backend, nullptr);
  registry.add({.device_type = "GPU", .kernels = "a", .backend = unusable});
  registry.add({.device_type = "GPU", .kernels = "b", .backend = second});
  EXPECT_EQ(registry.find("GPU").backend, second());
  EXPECT_EQ(registry.find("GPU", true).backend, first());
  EXPECT_EQ(registry.find("TPU").backend, nullptr);
}

TEST(BackendRegistryTest, GivesTheLibrariesOfABackendsKernelsInOrder) {
  BackendRegistry registry;
  registry.add({.device_type = "GPU", .kernels = "own", .backend = first});
  registry.add_library("own", {.name = "a", .kernels = closed});
  registry.add_library("other", {.name = "x", .kernels = closed});
  registry.add_library("own", {.name = "b", .kernels = closed});
  std::vector<std::string_view> names;
  for (const KernelLibrary& one : registry.find("GPU").libraries) names.push_back(one.name);
  EXPECT_THAT(names, ElementsAre("a", "b"));
}

TEST(BackendRegistryTest, TellsOfItsModulesInOrder) {
  BackendRegistry registry;
  registry.add_module([] { return ModuleInfo{.name = "a", .opened = false, .status = "no"}; });
  registry.add_module([] { return ModuleInfo{.name = "b", .opened = true, .status = "yes"}; });
  const std::vector<ModuleInfo> modules = registry.modules();
  ASSERT_EQ(modules.size(), 2);
  EXPECT_EQ(modules[0].name, "a");
  EXPECT_EQ(modules[1].status, "yes");
}

}  // namespace
}  // namespace tenon::internal
