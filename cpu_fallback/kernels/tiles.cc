// The kernel of a TileProgram: a few rows at a time through the kernels of its parts, each of which
// is made ready for so many rows and runs in the thread that has taken these rows.
#include "core/backend/tiles.h"

#include <algorithm>

#include "core/tensor/byte_count.h"
#include "cpu_fallback/kernel_support.h"

namespace tenon::cpu {
namespace {

using internal::byte_count;
using internal::TensorSpec;
using internal::TileProgram;

// Of one row of everything, as many as stay in a core's own cache while parts pass them on.
constexpr size_t kTileBytes = size_t{256} << 10;

struct alignas(64) CacheLine {
  std::byte bytes[64];
};

class PreparedTiles {
 public:
  explicit PreparedTiles(const KernelRequest& request);

  void run(const Launch& args) const;

 private:
  // The kernels for so many rows.
  using Kernels = std::vector<Kernel>;

  Kernels prepare(const TileProgram& program, int64_t rows) const;
  void find_places(const TileProgram& program, const KernelRequest& request);
  void run_tile(const Launch& args, int64_t first, const Kernels& kernels) const;

  // Where a value lies: in an input, in an output, or in the thread's own memory.
  struct Place {
    size_t row_bytes = 0;  // 0: it is read whole
    int output = -1;
    size_t offset = 0;  // in the thread's own memory
  };
  size_t input_count_;
  int64_t rows_;
  int64_t height_ = 1;  // rows at a time
  std::vector<Place> values_;
  std::vector<std::vector<int>> part_inputs_;
  Kernels whole_, rest_;  // of a tile, and of the last one
  size_t workspace_ = 0;  // where that of a part begins in the thread's own memory
  size_t own_lines_ = 0;
  mutable internal::ThreadPool alone_{1};
  mutable internal::CpuQueue queue_{alone_};
};

size_t in_lines(size_t bytes) { return (bytes + sizeof(CacheLine) - 1) / sizeof(CacheLine); }

PreparedTiles::PreparedTiles(const KernelRequest& request)
    : input_count_(request.inputs.size()), rows_(request.tiles->rows) {
  const TileProgram& program = *request.tiles;
  find_places(program, request);
  size_t row_bytes = 0;
  for (const Place& place : values_) row_bytes += place.row_bytes;
  const size_t fit = kTileBytes / std::max<size_t>(row_bytes, 1);
  height_ = std::clamp<int64_t>(static_cast<int64_t>(fit), 1, std::max<int64_t>(rows_, 1));
  for (Place& place : values_) {
    place.offset = own_lines_ * sizeof(CacheLine);
    const bool is_own = &place - values_.data() >= std::ssize(request.inputs) && place.output < 0;
    if (is_own) own_lines_ += in_lines(place.row_bytes * static_cast<size_t>(height_));
  }
  workspace_ = own_lines_ * sizeof(CacheLine);
  for (const TileProgram::Part& part : program.parts) part_inputs_.push_back(part.inputs);
  whole_ = prepare(program, height_);
  if (rows_ % height_ != 0) rest_ = prepare(program, rows_ % height_);
  size_t largest = 0;
  for (const Kernel& kernel : whole_) largest = std::max(largest, kernel.workspace_bytes);
  for (const Kernel& kernel : rest_) largest = std::max(largest, kernel.workspace_bytes);
  own_lines_ += in_lines(largest);
}

void PreparedTiles::find_places(const TileProgram& program, const KernelRequest& request) {
  const auto bytes_a_row = [&](const TensorSpec& spec) {
    return byte_count(spec.dtype, spec.shape) / static_cast<size_t>(std::max<int64_t>(rows_, 1));
  };
  for (size_t i = 0; i < input_count_; ++i) {
    values_.push_back({program.input_by_rows[i] ? bytes_a_row(request.inputs[i]) : 0});
  }
  for (const TileProgram::Part& part : program.parts) {
    values_.push_back({bytes_a_row(part.request.outputs[0])});
  }
  for (size_t i = 0; i < program.outputs.size(); ++i) {
    values_[static_cast<size_t>(program.outputs[i])].output = static_cast<int>(i);
  }
}

PreparedTiles::Kernels PreparedTiles::prepare(const TileProgram& program, int64_t rows) const {
  Kernels kernels;
  for (const TileProgram::Part& part : program.parts) {
    KernelRequest request = part.request;
    for (size_t i = 0; i < request.inputs.size(); ++i) {
      if (part.inputs[i] < 0 || !program.by_rows(part.inputs[i])) continue;
      request.inputs[i].shape[0] = rows;
      request.values[i] = {};
    }
    request.outputs[0].shape[0] = rows;
    kernels.push_back(request.device->prepare(request, part.dtype));
  }
  return kernels;
}

void PreparedTiles::run_tile(const Launch& args, int64_t first, const Kernels& kernels) const {
  const auto own = std::make_unique_for_overwrite<CacheLine[]>(own_lines_);
  auto* const scratch = reinterpret_cast<std::byte*>(own.get());
  std::vector<std::byte*> at(values_.size());
  for (size_t i = 0; i < at.size(); ++i) {
    const Place& place = values_[i];
    const size_t from = place.row_bytes * static_cast<size_t>(first);
    if (i < input_count_) {
      at[i] = static_cast<std::byte*>(const_cast<void*>(args.inputs[i])) + from;
    } else {
      at[i] =
          place.output >= 0 ? args.output<std::byte>(place.output) + from : scratch + place.offset;
    }
  }
  std::vector<const void*> inputs;
  for (size_t part = 0; part < kernels.size(); ++part) {
    inputs.clear();
    for (const int value : part_inputs_[part]) {
      inputs.push_back(value < 0 ? nullptr : at[static_cast<size_t>(value)]);
    }
    void* const output = at[input_count_ + part];
    kernels[part].launch({.inputs = inputs.data(),
                          .outputs = &output,
                          .workspace = scratch + workspace_,
                          .queue = &queue_});
  }
}

void PreparedTiles::run(const Launch& args) const {
  pool(args).for_range(rows_, height_, [&](int64_t begin, int64_t end) {
    run_tile(args, begin, end - begin == height_ ? whole_ : rest_);
  });
}

Kernel prepare_tiles(const KernelRequest& request) {
  const auto tiles = std::make_shared<const PreparedTiles>(request);
  return {.launch = [tiles](const Launch& args) { tiles->run(args); }};
}

}  // namespace

void register_tiles(KernelRegistry& kernels) {
  kernels.add(internal::kTilesOp, DType::invalid, prepare_tiles);
}

}  // namespace tenon::cpu
