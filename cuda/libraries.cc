#include "cuda/libraries.h"

#include "cuda/process_end.h"

namespace tenon::cuda {

void Libraries::close() noexcept {
  if (!process_ends()) {
    if (cudnn_ != nullptr) static_cast<void>(cudnnDestroy(cudnn_));
    if (cublas_lt_ != nullptr) static_cast<void>(cublasLtDestroy(cublas_lt_));
  }
  cudnn_ = nullptr;
  cublas_lt_ = nullptr;
}

cudnnHandle_t Libraries::cudnn() {
  if (cudnn_ == nullptr) {
    check(cudnnCreate(&cudnn_), "cudnnCreate");
    notice_the_end();
  }
  return cudnn_;
}

cublasLtHandle_t Libraries::cublas_lt() {
  if (cublas_lt_ == nullptr) {
    check(cublasLtCreate(&cublas_lt_), "cublasLtCreate");
    notice_the_end();
  }
  return cublas_lt_;
}

std::unique_ptr<Libraries> LibraryPool::take() {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<Libraries>();
  std::unique_ptr<Libraries> libraries = std::move(idle_.back());
  idle_.pop_back();
  return libraries;
}

void LibraryPool::give_back(std::unique_ptr<Libraries> libraries) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(libraries));
}

void LibraryPool::close() noexcept {
  std::lock_guard lock(mutex_);
  idle_.clear();
}

}  // namespace tenon::cuda
