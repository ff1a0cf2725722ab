#include "cuda/strided_copy.h"

#include "cuda/kernel_support.h"

namespace tenon::cuda {
namespace {

template <typename T>
__global__ void copy_words(const T* from, T* to, int64_t count, Offsets from_offsets,
                           Offsets to_offsets) {
  for (int64_t i = first_index(); i < count; i += grid_size()) {
    to[to_offsets(i)] = from[from_offsets(i)];
  }
}

template <typename T>
__global__ void fill_words(T* to, const T* value, int64_t count) {
  const T element = *value;
  for (int64_t i = first_index(); i < count; i += grid_size()) to[i] = element;
}

constexpr int kSide = 32, kRows = 8;

// Squares of kSide by kSide, through shared memory, so that rows are read and written side by side.
template <typename T>
__global__ void transpose_squares(const T* from, T* to, int64_t batch, int64_t rows,
                                  int64_t columns) {
  __shared__ T square[kSide][kSide + 1];
  const int64_t across = (columns + kSide - 1) / kSide, down = (rows + kSide - 1) / kSide;
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  for (int64_t i = blockIdx.x; i < batch * across * down; i += gridDim.x) {
    const int64_t matrix = i / (across * down) * rows * columns;
    const int64_t row = i / across % down * kSide, column = i % across * kSide;
    for (int r = y; r < kSide; r += kRows) {
      if (row + r < rows && column + x < columns) {
        square[r][x] = from[matrix + (row + r) * columns + column + x];
      }
    }
    __syncthreads();
    for (int c = y; c < kSide; c += kRows) {
      if (column + c < columns && row + x < rows) {
        to[matrix + (column + c) * rows + row + x] = square[x][c];
      }
    }
    __syncthreads();
  }
}

// Calls f(static_cast<T*>(nullptr)) for a T of so many bytes.
template <typename F>
void with_word(size_t bytes, F f) {
  if (bytes == sizeof(uint4)) return f(static_cast<uint4*>(nullptr));
  internal::for_word_size(bytes, f);
}

// The largest word in which the box can be moved whole.
size_t widest_word(const internal::CopyAxes& box, size_t bytes, int64_t offsets) {
  const auto& inner = box.axes.back();
  if (inner.from != 1 || inner.to != 1) return bytes;
  size_t word = 16;
  const auto fits = [&](int64_t elements) {
    return elements * static_cast<int64_t>(bytes) % static_cast<int64_t>(word) == 0;
  };
  const auto all_fit = [&] {
    bool fit = fits(inner.size) && fits(offsets);
    for (size_t i = 0; i + 1 < box.axes.size(); ++i) {
      fit = fit && fits(box.axes[i].from) && fits(box.axes[i].to);
    }
    return fit;
  };
  while (word > bytes && !all_fit()) word /= 2;
  return word;
}

internal::CopyAxes in_words(internal::CopyAxes box, int64_t elements) {
  for (size_t i = 0; i + 1 < box.axes.size(); ++i) {
    box.axes[i].from /= elements;
    box.axes[i].to /= elements;
  }
  box.axes.back().size /= elements;
  box.count /= elements;
  return box;
}

Offsets offsets_of(const internal::CopyAxes& box, bool to) {
  Offsets offsets;
  for (size_t i = box.axes.size(); i-- > 0;) {
    offsets.add(box.axes[i].size, to ? box.axes[i].to : box.axes[i].from, box.count);
  }
  return offsets;
}

bool is_aligned(const void* address, size_t bytes) {
  return reinterpret_cast<uintptr_t>(address) % bytes == 0;
}

}  // namespace

StridedCopy::StridedCopy(const internal::CopyAxes& box, size_t bytes, int64_t from_offset,
                         int64_t to_offset)
    : narrow_{bytes, box},
      wide_(narrow_),
      from_offset_(from_offset * static_cast<int64_t>(bytes)),
      to_offset_(to_offset * static_cast<int64_t>(bytes)) {
  offsets_of(box, false);  // throws where there are too many axes
  wide_.bytes = widest_word(box, bytes, from_offset | to_offset);
  wide_.box = in_words(box, static_cast<int64_t>(wide_.bytes / bytes));
}

void StridedCopy::run(cudaStream_t stream, const void* from, void* to) const {
  if (narrow_.box.count == 0) return;
  from = static_cast<const char*>(from) + from_offset_;
  to = static_cast<char*>(to) + to_offset_;
  const auto& inner = narrow_.box.axes.back();
  if (narrow_.box.axes.size() == 1 && inner.from == 1 && inner.to == 1) {
    const size_t size = static_cast<size_t>(inner.size) * narrow_.bytes;
    check(cudaMemcpyAsync(to, from, size, cudaMemcpyDeviceToDevice, stream), "cudaMemcpyAsync");
    return;
  }
  const bool is_wide = is_aligned(from, wide_.bytes) && is_aligned(to, wide_.bytes);
  const Words& words = is_wide ? wide_ : narrow_;
  with_word(words.bytes, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    copy_words<T><<<blocks_for(words.box.count), kThreads, 0, stream>>>(
        static_cast<const T*>(from), static_cast<T*>(to), words.box.count,
        offsets_of(words.box, false), offsets_of(words.box, true));
    check_launch("copy_words");
  });
}

void fill(cudaStream_t stream, void* to, const void* value, int64_t count, size_t bytes) {
  if (count <= 0) return;
  with_word(bytes, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    fill_words<T><<<blocks_for(count), kThreads, 0, stream>>>(static_cast<T*>(to),
                                                              static_cast<const T*>(value), count);
    check_launch("fill_words");
  });
}

void fill_zeros(cudaStream_t stream, void* to, int64_t count, size_t bytes) {
  if (count <= 0) return;
  check(cudaMemsetAsync(to, 0, static_cast<size_t>(count) * bytes, stream), "cudaMemsetAsync");
}

Kernel copy_kernel(const KernelRequest& request, const internal::CopyPlan& plan) {
  if (plan.parts.empty()) return {.launch = [](const Launch&) {}};
  struct Part {
    int input, output;
    StridedCopy copy;
  };
  const size_t bytes = size_of(plan.dtype(request));
  std::vector<Part> parts;
  for (const internal::CopyPart& part : plan.parts) {
    if (part.axes.count == 0) continue;
    parts.push_back(
        {part.input, part.output, StridedCopy(part.axes, bytes, part.from_offset, part.to_offset)});
  }
  const int64_t filled = plan.fill ? request.output_shape(0).element_count() : 0;
  return {.launch = [parts, filled, bytes, value = plan.fill_input,
                     into_variable = plan.into_variable](const Launch& args) {
    // What is put into a variable has no output.
    if (filled != 0 && value >= 0) {
      fill(stream(args), args.outputs[0], args.inputs[value], filled, bytes);
    } else if (filled != 0) {
      fill_zeros(stream(args), args.outputs[0], filled, bytes);
    }
    for (const Part& part : parts) {
      void* to = into_variable ? args.mutable_input<void>(0) : args.outputs[part.output];
      part.copy.run(stream(args), args.inputs[part.input], to);
    }
  }};
}

void transpose_matrices(cudaStream_t stream, const internal::MatrixTranspose& matrices,
                        size_t bytes, const void* from, void* to) {
  const int64_t squares = matrices.batch * ((matrices.rows + kSide - 1) / kSide) *
                          ((matrices.columns + kSide - 1) / kSide);
  if (squares == 0) return;
  with_word(bytes, [&](auto* type) {
    using T = std::remove_pointer_t<decltype(type)>;
    transpose_squares<T><<<blocks_for(squares, 1), dim3(kSide, kRows), 0, stream>>>(
        static_cast<const T*>(from), static_cast<T*>(to), matrices.batch, matrices.rows,
        matrices.columns);
    check_launch("transpose_squares");
  });
}

}  // namespace tenon::cuda
