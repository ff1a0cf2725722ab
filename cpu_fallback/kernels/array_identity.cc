// CheckNumerics: a copy, if all numbers are finite. (Identity and its kin need no kernel.)
#include <cmath>

#include "cpu_fallback/kernel_support.h"
#include "cpu_fallback/scalar.h"

namespace tenon::cpu {
namespace {

template <typename T>
Kernel prepare_check_numerics(const KernelRequest& request) {
  const int64_t size = request.input_shape(0).element_count();
  const auto message = request.attrs->get_or<std::string>("message", "");
  return {.launch = [size, message](const Launch& args) {
    const T* x = args.input<T>(0);
    bool infinite = false, nan = false;
    for (int64_t i = 0; i < size; ++i) {
      const auto value = static_cast<scalar::Compute<T>>(x[i]);
      nan |= value != value;
      infinite |= std::abs(value) > std::numeric_limits<scalar::Compute<T>>::max();
    }
    require(!infinite && !nan, ErrorKind::bad_argument, message, " : Tensor had ",
            infinite && nan ? "Inf and NaN"
            : infinite      ? "Inf"
                            : "NaN",
            " values");
    if (args.output<T>(0) != x) std::copy_n(x, size, args.output<T>(0));
  }};
}

}  // namespace

void register_array_identity(KernelRegistry& kernels) {
  kernels.add("CheckNumerics", float32, prepare_check_numerics<float>);
  kernels.add("CheckNumerics", float64, prepare_check_numerics<double>);
  kernels.add("CheckNumerics", float16, prepare_check_numerics<Half>);
  kernels.add("CheckNumerics", bfloat16, prepare_check_numerics<Bfloat16>);
}

}  // namespace tenon::cpu
