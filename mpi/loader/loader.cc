// What libtenon itself has of MPI: it opens the module for a server that asks for it.
#include "core/backend/backend_registry.h"
#include "core/backend/module.h"
#include "core/base/check.h"

namespace tenon {
namespace mpi {
namespace {

using internal::is_set;

const internal::Module& module() {
  static const internal::Module opened = internal::open_module("tenon_mpi");
  return opened;
}

constexpr const char* kDisabled = "TENON_DISABLE_MPI is set";

internal::Messenger& messenger() {
  const bool is_disabled = is_set("TENON_DISABLE_MPI");
  const internal::ModuleApi* api = is_disabled ? nullptr : module().api;
  internal::require<FailedPreconditionError>(
      api != nullptr && api->messenger != nullptr, ErrorKind::bad_argument,
      "A server over MPI needs Tenon's module of MPI: ", is_disabled ? kDisabled : module().status);
  try {
    return *api->messenger();
  } catch (const std::exception& error) {
    internal::fail<FailedPreconditionError>(ErrorKind::bad_argument,
                                            "MPI can't be used: ", error.what());
  }
}

ModuleInfo info() {
  if (is_set("TENON_DISABLE_MPI")) return {.name = "mpi", .opened = false, .status = kDisabled};
  return {.name = "mpi", .opened = module().api != nullptr, .status = module().status};
}

}  // namespace
}  // namespace mpi

namespace internal {

void register_mpi(BackendRegistry& registry) {
  registry.add_messenger("mpi", mpi::messenger);
  registry.add_module(mpi::info);
}

}  // namespace internal
}  // namespace tenon
