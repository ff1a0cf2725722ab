// Tenon inside a CUDA program: its pointers and its stream in, device tensors out; no copy, and no
// waiting. Needs no header of CUDA's and no library but libtenon.
//
//   Callable step = session.make_callable({y}, {x});
//   Tensor input = cuda::wrap(pointer, float32, {32, 10});          // the program's device memory
//   Tensor output = step({input}, cuda::on_stream(stream))[0];      // returns at once
//   kernel<<<grid, block, 0, stream>>>(static_cast<float*>(output.raw()));
//
// GPUs are counted as the session's devices are (/device:GPU:0, ...), which is as CUDA counts those
// that CUDA_VISIBLE_DEVICES leaves. The caller's current device is left as it was. What is computed
// on the host (values that shapes hang on, operations without a GPU kernel) waits for the stream;
// Session::plan_text says which steps those are.
#pragma once

#include <functional>

#include "tenon/export.h"
#include "tenon/session.h"
#include "tenon/tensor.h"

struct CUstream_st;
using cudaStream_t = CUstream_st*;  // as in cuda_runtime_api.h

namespace tenon::cuda {

// Tensors in a GPU's memory, wrapped or computed, are fed to runs and hand out their address
// (raw()); data() and clone() throw RuntimeError (bad_placement): a run fetches a copy for the
// host.

// Device memory of the caller's as a tensor, without a copy. The memory holds the shape's elements,
// aligned for one element, and lies on GPU number `gpu`. `release` is called when the last handle
// dies; it may be empty. The caller keeps the memory as it is until every stream on which it was
// fed has passed the run: a handle that dies says nothing about the stream.
// Throws ValueError (no_shape) for a shape not fully known.
TENON_API Tensor wrap(void* pointer, DType dtype, const Shape& shape, int gpu = 0,
                      std::function<void()> release = {});

// Options for running a callable on the caller's stream, which belongs to GPU number `gpu`. Results
// that the GPU makes stay there, and are ready when the stream is.
//
// A result's memory goes to later runs when its last handle dies, whatever the program's own
// kernels still do with it: keep a handle until the stream has passed them, or until the next run
// on that stream was called. The stream must live until the call returns, and must not be captured
// into a graph then: the call throws InvalidArgumentError (bad_argument) if it is.
inline RunOptions on_stream(cudaStream_t stream, int gpu = 0) {
  return {.stream = stream, .gpu = gpu, .keep_on_device = true};
}

}  // namespace tenon::cuda
