// Whether there is an NVIDIA driver with a device, found out without any library of CUDA's.
#pragma once

#include <string>

namespace tenon::cuda {

// Empty when there is one; else why not, for people. Takes a millisecond where there is no driver.
std::string why_no_device();

}  // namespace tenon::cuda
