// activation(result + bias) on results that lie in memory already: for products whose library call
// can't do it on the way.
#pragma once

#include "core/backend/backend.h"
#include "cuda/status.h"

namespace tenon::cuda {

// In place, on `size` elements of a floating dtype; the bias has `columns` elements.
void apply_epilogue(cudaStream_t stream, DType dtype, void* data, const void* bias, int64_t size,
                    int64_t columns, const internal::Epilogue& epilogue);

}  // namespace tenon::cuda
