// The end of the process, at which CUDA's own state goes and libraries are unloaded: destructors of
// objects that are older, and exit handlers, may still use Tenon.
#pragma once

namespace tenon::cuda {

// To be called when a device was opened, and after a library was loaded or loaded one of its own:
// what they have registered by then goes later than the end is noticed.
void notice_the_end();

// Whether it has begun: no call of CUDA's may be made any more.
bool process_ends() noexcept;

// Takes an error that is none of the next call's from CUDA's runtime, while there is one.
void forget_error() noexcept;

}  // namespace tenon::cuda
