// The kernel of a TileProgram: a team of threads for each row, compiled while the program runs.
// Until that is ready, and where nothing can be compiled, the kernels of its parts, one after the
// other.
#include "core/backend/tiles.h"

#include <algorithm>
#include <array>

#include "core/tensor/byte_count.h"
#include "cuda/cuda_device.h"
#include "cuda/generated_launch.h"
#include "cuda/interpreted_loop.h"
#include "cuda/row_program.h"

namespace tenon::cuda {

using internal::Kernel;
using internal::KernelRegistry;
using internal::KernelRequest;
using internal::Launch;
using internal::TileProgram;

namespace {

constexpr size_t kAlignment = 64;

// The parts one by one; what one makes for another lies in the workspace.
class PartByPart {
 public:
  explicit PartByPart(const KernelRequest& request) : inputs_(request.inputs.size()) {
    const TileProgram& tiles = *request.tiles;
    size_t end = 0, largest = 0;
    for (size_t i = 0; i < tiles.parts.size(); ++i) {
      const TileProgram::Part& part = tiles.parts[i];
      Place place;
      const auto output = std::find(tiles.outputs.begin(), tiles.outputs.end(), tiles.value_of(i));
      if (output != tiles.outputs.end()) {
        place.output = static_cast<int>(output - tiles.outputs.begin());
      } else {
        place.offset = end;
        const internal::TensorSpec& made = part.request.outputs[0];
        end += (internal::byte_count(made.dtype, made.shape) + kAlignment - 1) / kAlignment *
               kAlignment;
      }
      made_.push_back(place);
      KernelRequest own = part.request;
      own.device = request.device;
      kernels_.push_back(part.program != nullptr ? interpreted_elementwise(own)
                                                 : request.device->prepare(own, part.dtype));
      read_.push_back(part.inputs);
      largest = std::max(largest, kernels_.back().workspace_bytes);
    }
    workspace_ = end;
    workspace_bytes_ = end + largest;
  }

  size_t workspace_bytes() const { return workspace_bytes_; }

  void launch(const Launch& args) const {
    std::array<const void*, LargeTape::kInputs> inputs;
    for (size_t i = 0; i < kernels_.size(); ++i) {
      std::transform(read_[i].begin(), read_[i].end(), inputs.begin(),
                     [&](int value) { return address(value, args); });
      void* const output = const_cast<void*>(address(static_cast<int>(inputs_ + i), args));
      kernels_[i].launch({.inputs = inputs.data(),
                          .outputs = &output,
                          .workspace = static_cast<char*>(args.workspace) + workspace_,
                          .queue = args.queue});
    }
  }

 private:
  struct Place {
    int output = -1;
    size_t offset = 0;  // in the workspace
  };

  const void* address(int value, const Launch& args) const {
    if (value < 0) return nullptr;
    const auto at = static_cast<size_t>(value);
    if (at < inputs_) return args.inputs[at];
    const Place& place = made_[at - inputs_];
    return place.output >= 0 ? args.outputs[place.output]
                             : static_cast<char*>(args.workspace) + place.offset;
  }

  size_t inputs_, workspace_ = 0, workspace_bytes_ = 0;
  std::vector<Place> made_;  // by part
  std::vector<Kernel> kernels_;
  std::vector<std::vector<int>> read_;  // values, by part
};

Kernel prepare_tiles(const KernelRequest& request) {
  const auto parts = std::make_shared<const PartByPart>(request);
  return generated_or({.workspace_bytes = parts->workspace_bytes(),
                       .launch = [parts](const Launch& args) { parts->launch(args); }},
                      CudaDevice::of(request).compile_options(),
                      [&] { return generated_rows(RowProgram(request)); });
}

}  // namespace

void register_tiles(KernelRegistry& kernels) {
  kernels.add(internal::kTilesOp, DType::invalid,
              {.prepare = prepare_tiles, .takes_tiles = is_row_program});
}

}  // namespace tenon::cuda
