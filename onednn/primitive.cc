#include "onednn/primitive.h"

#include <dlfcn.h>

#include <unordered_map>

#include "core/base/check.h"
#include "core/tensor/buffer.h"

namespace tenon::onednn {
namespace {

// Of the OpenMP library that oneDNN brought along, whichever that is.
struct OpenMp {
  int (*get_threads)() = nullptr;
  void (*set_threads)(int) = nullptr;

  OpenMp() {
    Dl_info one_dnn = {};
    dladdr(reinterpret_cast<void*>(&dnnl_version), &one_dnn);
    void* library = dlopen(one_dnn.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (library == nullptr) return;
    get_threads = reinterpret_cast<int (*)()>(dlsym(library, "omp_get_max_threads"));
    set_threads = reinterpret_cast<void (*)(int)>(dlsym(library, "omp_set_num_threads"));
    dlclose(library);
  }
};

const OpenMp& open_mp() {
  static const OpenMp functions;
  return functions;
}

}  // namespace

OneThread::OneThread() : before_(0) {
  const OpenMp& omp = open_mp();
  if (omp.get_threads == nullptr || omp.set_threads == nullptr) return;
  before_ = omp.get_threads();
  omp.set_threads(1);
}

OneThread::~OneThread() {
  if (before_ != 0) open_mp().set_threads(before_);
}

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attr;
}

memory::desc floats(const memory::dims& sizes, const memory::dims& strides) {
  return {sizes, memory::data_type::f32, strides};
}

memory::desc any_layout(const memory::dims& sizes) {
  return {sizes, memory::data_type::f32, memory::format_tag::any};
}

Primitive::Primitive(dnnl::primitive primitive, const memory::desc& scratchpad,
                     std::vector<Argument> arguments)
    : primitive_(std::move(primitive)), scratchpad_(scratchpad), arguments_(std::move(arguments)) {}

void Primitive::run(std::initializer_list<const void*> pointers, void* scratchpad) const {
  const OneThread one_thread;
  std::unordered_map<int, memory> arguments;
  auto argument = arguments_.begin();
  for (const void* pointer : pointers) {
    if (pointer != nullptr) {
      arguments.emplace(argument->name,
                        memory(argument->desc, engine(), const_cast<void*>(pointer)));
    }
    ++argument;
  }
  if (scratchpad_bytes() > 0) {
    arguments.emplace(DNNL_ARG_SCRATCHPAD, memory(scratchpad_, engine(), scratchpad));
  }
  try {
    dnnl::stream stream(engine());
    primitive_.execute(stream, arguments);
    stream.wait();
  } catch (const dnnl::error& error) {
    internal::fail<RuntimeError>(ErrorKind::bad_argument, "oneDNN: ", error.what());
  }
}

Reorder::Reorder(const memory::desc& from, const memory::desc& to) : changes_(from != to) {
  if (!changes_) return;
  const OneThread one_thread;
  const dnnl::reorder::primitive_desc desc(engine(), from, engine(), to, attributes());
  if (desc.scratchpad_desc().get_size() != 0) {
    throw dnnl::error(dnnl_unimplemented, "a change of layout wants memory");
  }
  copy_ = std::make_unique<Primitive>(
      dnnl::reorder(desc), desc.scratchpad_desc(),
      std::vector<Primitive::Argument>{{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}});
}

void PackedWeights::Free::operator()(void* memory) const { internal::free_host(memory); }

PackedWeights::PackedWeights(const memory::desc& plain, const memory::desc& packed)
    : reorder_(plain, packed), bytes_(packed.get_size()) {}

size_t PackedWeights::workspace_bytes() const { return reorder_.changes_layout() ? bytes_ : 0; }

// Runs that launch at once see one version: who writes a variable waits until they have ended.
const void* PackedWeights::get(const void* plain, uint64_t version, void* workspace) const {
  if (!reorder_.changes_layout()) return plain;
  if (version == 0) {
    reorder_.run(plain, workspace);
    return workspace;
  }
  const std::lock_guard lock(mutex_);
  if (kept_version_ != version) {
    if (!kept_) kept_.reset(internal::allocate_host(bytes_));
    reorder_.run(plain, kept_.get());
    kept_version_ = version;
  }
  return kept_.get();
}

}  // namespace tenon::onednn
