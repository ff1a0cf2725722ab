// The module's entry: messages between the processes that mpirun started.
#include "core/backend/module.h"

#include <cstdlib>

#include "mpi/messenger.h"

namespace tenon::mpi {
namespace {

MpiMessenger* opened = nullptr;

internal::Messenger* messenger() {
  static MpiMessenger* const made = [] {
    opened = new MpiMessenger;  // its thread ends with the program
    std::atexit([] { opened->finish(); });
    return opened;
  }();
  return made;
}

}  // namespace
}  // namespace tenon::mpi

extern "C" TENON_API const tenon::internal::ModuleApi* tenon_module_entry() {
  static const tenon::internal::ModuleApi api = {.abi = tenon::internal::module_abi(),
                                                 .messenger = tenon::mpi::messenger};
  return &api;
}
