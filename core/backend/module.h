// Modules: libraries that are opened when the program runs, if what they need is there. A machine
// without them, or without what they need, runs the same program on what is left.
//
// A module exports one function, tenon_module_entry(). It links its own hidden copy of core/base,
// core/tensor, core/backend and core/kernels and needs no symbol of libtenon, so that both agree on
// only those headers: module_abi() says which they were. Each module's folder says in loader/ when
// it is opened.
#pragma once

#include <cstdint>
#include <string>

#include "core/backend/backend.h"
#include "core/backend/messenger.h"

namespace tenon::internal {

// What a module has to give. Lives as long as the process.
struct ModuleApi {
  uint64_t abi = 0;  // module_abi() when it was compiled; first, whatever else changes
  // Of a module that brings devices; null in others. The backend lives as long as the process.
  Backend* (*backend)() = nullptr;
  // Of a module that brings kernels for another backend's devices (KernelLibrary); null in others.
  const KernelRegistry* (*kernels)() = nullptr;
  // Of a module that carries messages between processes; null in others. Opens it when it is first
  // called; the messenger lives as long as the process. Throws what hinders it.
  Messenger* (*messenger)() = nullptr;
};
// Throws a std::exception where this machine can do nothing with the module: it isn't used then,
// and the exception's text is why.
using ModuleEntry = const ModuleApi* (*)();
inline constexpr const char* kModuleEntry = "tenon_module_entry";

// A hash of the headers that modules and libtenon share (cmake/ModuleAbi.cmake).
uint64_t module_abi() noexcept;

struct Module {
  const ModuleApi* api = nullptr;  // null: it isn't used
  std::string status = {};         // the file that was opened, or why there is none
};

// Opens the module in that file, for the life of the process; never throws. It is refused when it
// was made for other headers.
Module open_module_file(const std::string& path) noexcept;

// Opens lib<name>.so from where libtenon is: its folder, the folder above, or ../lib from there.
// Where the environment variable TENON_MODULE_PATH is set, it is the only folder.
Module open_module(const std::string& name) noexcept;

// Whether an environment variable is set, to something else than nothing or 0.
bool is_set(const char* variable) noexcept;

}  // namespace tenon::internal
