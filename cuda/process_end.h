// The end of the process, at which libraries are unloaded before a session in a static variable is
// destroyed: what it holds of theirs can't be given back any more.
#pragma once

namespace tenon::cuda {

// To be called after a library was loaded, or after it loaded one of its own.
void notice_the_end();
bool process_ends() noexcept;

}  // namespace tenon::cuda
