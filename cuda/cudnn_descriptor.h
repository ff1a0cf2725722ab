// A descriptor of cuDNN's graph API: made, given its attributes, finalized. From then on it doesn't
// change, and threads may share it.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "cuda/status.h"

namespace tenon::cuda {

// Since then plans are made for a device's properties, which takes no handle.
inline constexpr size_t kLeastCudnn = 90800;
static_assert(CUDNN_VERSION >= kLeastCudnn, "cuDNN must be of version 9.8 or newer");

bool is_out_of_memory(cudnnStatus_t status) noexcept;

// The name that cuDNN has for a type of attributes.
template <class T>
inline constexpr cudnnBackendAttributeType_t kCudnnType = T::no_such_type;
template <>
inline constexpr auto kCudnnType<int64_t> = CUDNN_TYPE_INT64;
template <>
inline constexpr auto kCudnnType<int32_t> = CUDNN_TYPE_INT32;
template <>
inline constexpr auto kCudnnType<float> = CUDNN_TYPE_FLOAT;
template <>
inline constexpr auto kCudnnType<bool> = CUDNN_TYPE_BOOLEAN;
template <>
inline constexpr auto kCudnnType<char> = CUDNN_TYPE_CHAR;
template <>
inline constexpr auto kCudnnType<void*> = CUDNN_TYPE_VOID_PTR;
template <>
inline constexpr auto kCudnnType<cudnnDataType_t> = CUDNN_TYPE_DATA_TYPE;
template <>
inline constexpr auto kCudnnType<cudnnConvolutionMode_t> = CUDNN_TYPE_CONVOLUTION_MODE;
template <>
inline constexpr auto kCudnnType<cudnnPointwiseMode_t> = CUDNN_TYPE_POINTWISE_MODE;
template <>
inline constexpr auto kCudnnType<cudnnNanPropagation_t> = CUDNN_TYPE_NAN_PROPOGATION;
template <>
inline constexpr auto kCudnnType<cudnnBackendHeurMode_t> = CUDNN_TYPE_HEUR_MODE;
template <>
inline constexpr auto kCudnnType<cudnnBackendNumericalNote_t> = CUDNN_TYPE_NUMERICAL_NOTE;
template <>
inline constexpr auto kCudnnType<cudnnBackendBehaviorNote_t> = CUDNN_TYPE_BEHAVIOR_NOTE;

class CudnnDescriptor {
 public:
  CudnnDescriptor() = default;  // none
  explicit CudnnDescriptor(cudnnBackendDescriptorType_t type);
  ~CudnnDescriptor();
  CudnnDescriptor(CudnnDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, nullptr)), status_(other.status_) {}
  CudnnDescriptor& operator=(CudnnDescriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(status_, other.status_);
    return *this;
  }

  // What cuDNN refuses makes finalize() fail, later.
  template <class T>
  void set(cudnnBackendAttributeName_t name, const T& value) {
    set_all(name, kCudnnType<T>, 1, &value);
  }
  template <class T>
  void set(cudnnBackendAttributeName_t name, std::span<const T> values) {
    set_all(name, kCudnnType<T>, static_cast<int64_t>(values.size()), values.data());
  }
  void set(cudnnBackendAttributeName_t name, const CudnnDescriptor& value);
  void set(cudnnBackendAttributeName_t name, std::span<const CudnnDescriptor> values);
  // False where cuDNN can't do what is described. Throws ResourceExhaustedError.
  bool finalize();
  cudnnStatus_t status() const { return status_; }  // the first that wasn't a success

  // Nothing where cuDNN doesn't know the attribute.
  template <class T>
  std::vector<T> get(cudnnBackendAttributeName_t name) const {
    std::vector<T> values(count(name, kCudnnType<T>));
    values.resize(get_all(name, kCudnnType<T>, values.size(), values.data()));
    return values;
  }
  std::vector<CudnnDescriptor> get(cudnnBackendAttributeName_t name,
                                   cudnnBackendDescriptorType_t type) const;

  // Queues a plan's work on the handle's stream.
  cudnnStatus_t execute(cudnnHandle_t handle, const CudnnDescriptor& variant_pack) const {
    return cudnnBackendExecute(handle, descriptor_, variant_pack.descriptor_);
  }

 private:
  void set_all(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, int64_t count,
               const void* values);
  size_t count(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type) const;
  size_t get_all(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, size_t most,
                 void* values) const;

  cudnnBackendDescriptor_t descriptor_ = nullptr;
  cudnnStatus_t status_ = CUDNN_STATUS_SUCCESS;
};

}  // namespace tenon::cuda
