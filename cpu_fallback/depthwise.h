// Convolutions of each channel by filters of its own: Conv2D and its gradients where a group is one
// channel. Images are NHWC, filters [rows, columns, 1, channels * multiplier]. As products of
// matrices these would be of one row each, so that they have loops of their own.
#pragma once

#include "core/backend/backend.h"
#include "core/kernels/window.h"

namespace tenon::cpu {

template <typename T>
internal::Kernel prepare_depthwise(const internal::KernelRequest& request,
                                   const internal::Windows& windows);
template <typename T>
internal::Kernel prepare_depthwise_image_gradient(const internal::KernelRequest& request,
                                                  const internal::Windows& windows);
template <typename T>
internal::Kernel prepare_depthwise_filter_gradient(const internal::KernelRequest& request,
                                                   const internal::Windows& windows);

}  // namespace tenon::cpu
