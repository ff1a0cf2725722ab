// tenon devices, tenon env: what Tenon sees of this machine.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "tenon/device.h"
#include "tenon/graph.h"
#include "tenon/session.h"
#include "tools/arguments.h"
#include "tools/commands.h"

namespace tenon::tool {

int devices(const std::vector<std::string>& all) {
  Arguments(all, {}).require_words(0, "nothing");
  const Graph graph;
  const Session session(graph);
  for (const DeviceInfo& device : session.list_devices()) {
    std::cout << device.name << "  " << device.device_type << "  " << device.description << '\n';
  }
  return 0;
}

int env(const std::vector<std::string>& all) {
  Arguments(all, {}).require_words(0, "nothing");
  std::cout << "tenon " << TENON_VERSION << '\n';
  for (const ModuleInfo& module : modules()) {
    std::cout << "module " << module.name << ": " << (module.opened ? "" : "not used: ")
              << module.status << '\n';
  }
  for (const char* name :
       {"OMP_NUM_THREADS", "TENON_DISABLE_ONEDNN", "TENON_DISABLE_CUDA", "TENON_MODULE_PATH",
        "TENON_EMULATED_GPUS", "TENON_DUMP_PLAN", "CUDA_VISIBLE_DEVICES"}) {
    const char* value = std::getenv(name);
    std::cout << name << (value == nullptr ? " is not set" : "=" + std::string(value)) << '\n';
  }
  return 0;
}

}  // namespace tenon::tool
