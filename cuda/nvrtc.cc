#include "cuda/nvrtc.h"

#include <cuda_runtime_api.h>
#include <dlfcn.h>
#include <nvrtc.h>

#include <array>
#include <iterator>
#include <vector>

#include "core/base/strings.h"
#include "cuda/generated_headers.h"

namespace tenon::cuda {
namespace {

using internal::str;

// Rounding as the module's own kernels do.
constexpr const char* kOptions[] = {"--std=c++20", "--fmad=false",
                                    "--device-as-default-execution-space"};
constexpr int kMajor = CUDART_VERSION / 1000, kMinor = CUDART_VERSION / 10 % 100;

// The library's functions, as its header declares them.
struct Nvrtc {
  decltype(&::nvrtcVersion) version = nullptr;
  decltype(&::nvrtcCreateProgram) create = nullptr;
  decltype(&::nvrtcDestroyProgram) destroy = nullptr;
  decltype(&::nvrtcCompileProgram) compile = nullptr;
  decltype(&::nvrtcGetCUBINSize) cubin_size = nullptr;
  decltype(&::nvrtcGetCUBIN) cubin = nullptr;
  decltype(&::nvrtcGetProgramLogSize) log_size = nullptr;
  decltype(&::nvrtcGetProgramLog) log = nullptr;
  std::string missing;  // why there is none
};

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Nvrtc open() {
  Nvrtc found;
  const std::string name = str("libnvrtc.so.", kMajor);
  // Never closed: kernels may be compiled until the process ends.
  void* library = nullptr;
  for (const std::string& folder : {std::string(), std::string("/usr/local/cuda/lib64/")}) {
    if (library == nullptr) library = dlopen((folder + name).c_str(), RTLD_NOW | RTLD_LOCAL);
  }
  if (library == nullptr) {
    found.missing = str(name, " wasn't found");
    return found;
  }
  const bool whole = find(library, "nvrtcVersion", found.version) &&
                     find(library, "nvrtcCreateProgram", found.create) &&
                     find(library, "nvrtcDestroyProgram", found.destroy) &&
                     find(library, "nvrtcCompileProgram", found.compile) &&
                     find(library, "nvrtcGetCUBINSize", found.cubin_size) &&
                     find(library, "nvrtcGetCUBIN", found.cubin) &&
                     find(library, "nvrtcGetProgramLogSize", found.log_size) &&
                     find(library, "nvrtcGetProgramLog", found.log);
  int major = 0, minor = 0;
  if (!whole) {
    found.missing = str(name, " lacks functions");
  } else if (found.version(&major, &minor) != NVRTC_SUCCESS || major != kMajor || minor != kMinor) {
    found.missing = str(name, " is of CUDA ", major, ".", minor, ", not ", kMajor, ".", kMinor);
  }
  return found;
}

const Nvrtc& nvrtc() {
  static const auto* library = new Nvrtc(open());  // never destroyed: threads may still compile
  return *library;
}

// A program that is being compiled.
class Program {
 public:
  explicit Program(const std::string& source) {
    std::array<const char*, std::size(kGeneratedHeaders)> names = {}, texts = {};
    for (size_t i = 0; i < names.size(); ++i) {
      names[i] = kGeneratedHeaders[i].name;
      texts[i] = kGeneratedHeaders[i].text;
    }
    created_ =
        nvrtc().create(&program_, source.c_str(), "generated.cu", static_cast<int>(names.size()),
                       texts.data(), names.data()) == NVRTC_SUCCESS;
  }
  ~Program() {
    if (created_) static_cast<void>(nvrtc().destroy(&program_));
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  CompiledSource compile(int capability) {
    if (!created_) return {.cubin = {}, .error = "nvrtcCreateProgram failed"};
    const std::string architecture = str("--gpu-architecture=sm_", capability);
    std::vector<const char*> options(std::begin(kOptions), std::end(kOptions));
    options.push_back(architecture.c_str());
    CompiledSource compiled;
    size_t size = 0;
    const int count = static_cast<int>(options.size());
    if (nvrtc().compile(program_, count, options.data()) != NVRTC_SUCCESS) {
      if (nvrtc().log_size(program_, &size) == NVRTC_SUCCESS) compiled.error.resize(size);
      static_cast<void>(nvrtc().log(program_, compiled.error.data()));
      if (compiled.error.empty()) compiled.error = "NVRTC said nothing";
    } else if (nvrtc().cubin_size(program_, &size) == NVRTC_SUCCESS && size > 0) {
      compiled.cubin.resize(size);
      static_cast<void>(nvrtc().cubin(program_, compiled.cubin.data()));
    } else {
      compiled.error = str("NVRTC makes no code for sm_", capability);
    }
    return compiled;
  }

 private:
  nvrtcProgram program_ = nullptr;
  bool created_ = false;
};

uint64_t hash_of_headers() {
  uint64_t hash = 0;
  for (const GeneratedHeader& header : kGeneratedHeaders) {
    hash = hash_of(header.text, hash_of(header.name, hash));
  }
  return hash;
}

// All that decides what compiling a source gives, but the source.
std::string way_of_compiling(int capability) {
  static const uint64_t headers = hash_of_headers();
  std::string way = str("NVRTC ", kMajor, '.', kMinor, " sm_", capability, " headers ", headers);
  for (const char* option : kOptions) way += str(' ', option);
  return way;
}

}  // namespace

const std::string& why_no_nvrtc() {
  // The first compilation makes NVRTC's own static objects. They must be older than what ends our
  // threads when the process exits, or they would be gone while a thread still compiles.
  static const bool warm =
      nvrtc().missing.empty() &&
      !Program("extern \"C\" __global__ void run() {}").compile(80).cubin.empty();
  static_cast<void>(warm);
  return nvrtc().missing;
}

CompiledSource compile(const std::string& source, int capability) {
  if (const std::string& missing = why_no_nvrtc(); !missing.empty()) {
    return {.cubin = {}, .error = missing};
  }
  return Program(source).compile(capability);
}

std::string compiled_code(const std::string& source, int capability, CodeCache& cache) {
  const std::string key = str(way_of_compiling(capability), '\n', source);
  std::string code = cache.find(key);
  if (code.empty()) {
    code = compile(source, capability).cubin;
    cache.keep(key, code);
  }
  return code;
}

}  // namespace tenon::cuda
