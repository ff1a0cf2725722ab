#include "cuda/matmul.h"

#include <algorithm>

#include "cuda/cuda_device.h"

namespace tenon::cuda {
namespace {

constexpr size_t kMostWorkspace = 32 << 20;
constexpr uint32_t kAlignment = 16;

cudaDataType_t data_type(DType dtype) {
  switch (dtype) {
    case DType::float64:
      return CUDA_R_64F;
    case DType::float16:
      return CUDA_R_16F;
    case DType::bfloat16:
      return CUDA_R_16BF;
    default:
      return CUDA_R_32F;
  }
}

template <typename T>
void set(cublasLtMatmulDescOpaque_t& description, cublasLtMatmulDescAttributes_t attribute,
         const T& value) {
  check(cublasLtMatmulDescSetAttribute(&description, attribute, &value, sizeof value),
        "cublasLtMatmulDescSetAttribute");
}

template <typename T>
void set(cublasLtMatrixLayoutOpaque_t& layout, cublasLtMatrixLayoutAttribute_t attribute,
         const T& value) {
  check(cublasLtMatrixLayoutSetAttribute(&layout, attribute, &value, sizeof value),
        "cublasLtMatrixLayoutSetAttribute");
}

template <typename T>
void set(cublasLtMatmulPreferenceOpaque_t& preference,
         cublasLtMatmulPreferenceAttributes_t attribute, const T& value) {
  check(cublasLtMatmulPreferenceSetAttribute(&preference, attribute, &value, sizeof value),
        "cublasLtMatmulPreferenceSetAttribute");
}

bool is_aligned(const void* address) {
  return reinterpret_cast<uintptr_t>(address) % kAlignment == 0;
}

}  // namespace

LtMatmul::LtMatmul(const internal::KernelRequest& request, const internal::MatrixProduct& product,
                   const Options& options)
    : product_(product), options_(options), type_(data_type(options.dtype)) {
  CudaDevice& device = CudaDevice::of(request);
  compute_ = options.dtype == DType::float64                          ? CUBLAS_COMPUTE_64F
             : options.dtype == DType::float32 && device.allow_tf32() ? CUBLAS_COMPUTE_32F_FAST_TF32
                                                                      : CUBLAS_COMPUTE_32F;
  const PreparingCublasLt preparing = device.cublas_lt_for_preparing();
  const cublasLtHandle_t handle = preparing.handle;
  const cublasLtEpilogue_t wanted =
      options.bias ? (options.relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
                   : (options.relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT);
  const auto element = static_cast<uint32_t>(size_of(options.dtype));
  // Both, or neither: which addresses a run brings must not change what is left to do after it.
  for (const cublasLtEpilogue_t epilogue : {wanted, CUBLASLT_EPILOGUE_DEFAULT}) {
    epilogue_ = epilogue;
    aligned_ = find(handle, epilogue, kAlignment);
    unaligned_ = find(handle, epilogue, element);
    if (aligned_.found && unaligned_.found) return;
  }
  internal::fail<RuntimeError>(ErrorKind::device_failed, "cuBLASLt has no algorithm for [",
                               product.m, ", ", product.k, "] x [", product.k, ", ", product.n,
                               "] of ", options.dtype);
}

// Matrices lie row-major and cuBLASLt counts columns first: to it they are all transposed, so that
// out' = b' a'.
void LtMatmul::describe(Descriptions& d, cublasLtEpilogue_t epilogue, const void* bias) const {
  const internal::MatrixProduct& p = product_;
  const cudaDataType_t scale = type_ == CUDA_R_64F ? CUDA_R_64F : CUDA_R_32F;
  check(cublasLtMatmulDescInit(&d.operation, compute_, scale), "cublasLtMatmulDescInit");
  const cublasOperation_t a_turned = p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
  const cublasOperation_t b_turned = p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
  set(d.operation, CUBLASLT_MATMUL_DESC_TRANSA, b_turned);
  set(d.operation, CUBLASLT_MATMUL_DESC_TRANSB, a_turned);
  set(d.operation, CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
  if (bias != nullptr) {
    set(d.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  }
  const auto lay_out = [&](cublasLtMatrixLayoutOpaque_t& layout, int64_t rows, int64_t columns,
                           int64_t stride) {
    check(cublasLtMatrixLayoutInit(&layout, type_, static_cast<uint64_t>(columns),
                                   static_cast<uint64_t>(rows), columns),
          "cublasLtMatrixLayoutInit");
    set(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<int32_t>(options_.batch));
    set(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, stride);
  };
  lay_out(d.a, p.transpose_a ? p.k : p.m, p.transpose_a ? p.m : p.k, options_.a_stride);
  lay_out(d.b, p.transpose_b ? p.n : p.k, p.transpose_b ? p.k : p.n, options_.b_stride);
  lay_out(d.out, p.m, p.n, p.m * p.n);
}

LtMatmul::Algorithm LtMatmul::find(cublasLtHandle_t handle, cublasLtEpilogue_t epilogue,
                                   uint32_t alignment) const {
  Descriptions d;
  // Some address, aligned as the bias will be: nothing is read.
  const void* bias = epilogue == CUBLASLT_EPILOGUE_BIAS || epilogue == CUBLASLT_EPILOGUE_RELU_BIAS
                         ? reinterpret_cast<const void*>(static_cast<uintptr_t>(alignment))
                         : nullptr;
  describe(d, epilogue, bias);
  cublasLtMatmulPreferenceOpaque_t preference;
  check(cublasLtMatmulPreferenceInit(&preference), "cublasLtMatmulPreferenceInit");
  set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t{kMostWorkspace});
  // Not in place: that adds up with atomic operations.
  set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      static_cast<uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE |
                            CUBLASLT_REDUCTION_SCHEME_OUTPUT_TYPE));
  for (const auto attribute :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES}) {
    set(preference, attribute, alignment);
  }
  cublasLtMatmulHeuristicResult_t result = {};
  int count = 0;
  // Whatever it says against it, there is none.
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle, &d.operation, &d.b, &d.a, &d.out, &d.out, &preference, 1, &result, &count);
  if (status != CUBLAS_STATUS_SUCCESS || count == 0) return {};
  if (result.state != CUBLAS_STATUS_SUCCESS) return {};
  return {.found = true, .workspace = result.workspaceSize, .algorithm = result.algo};
}

size_t LtMatmul::workspace_bytes() const {
  const size_t bytes = std::max(aligned_.workspace, unaligned_.workspace);
  return bytes == 0 ? 0 : bytes + 256;  // cuBLASLt wants it aligned to 256
}

void LtMatmul::run(const internal::Launch& args, const void* a, const void* b, const void* bias,
                   void* out) const {
  Descriptions d;
  const bool with_bias = options_.bias && has_epilogue();
  describe(d, epilogue_, with_bias ? bias : nullptr);
  const bool all =
      is_aligned(a) && is_aligned(b) && is_aligned(out) && (!with_bias || is_aligned(bias));
  const Algorithm& chosen = all ? aligned_ : unaligned_;
  void* workspace =
      reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(args.workspace) + 255) / 256 * 256);
  const float one = 1, zero = 0;
  const double one_double = 1, zero_double = 0;
  const bool wide = type_ == CUDA_R_64F;
  check(cublasLtMatmul(queue(args).cublas_lt(), &d.operation,
                       wide ? static_cast<const void*>(&one_double) : &one, b, &d.b, a, &d.a,
                       wide ? static_cast<const void*>(&zero_double) : &zero, out, &d.out, out,
                       &d.out, &chosen.algorithm, chosen.workspace == 0 ? nullptr : workspace,
                       chosen.workspace, stream(args)),
        "cublasLtMatmul");
}

}  // namespace tenon::cuda
