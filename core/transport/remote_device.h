// A device of a task in another process: its name, and what placement asks of it.
#pragma once

#include <memory>
#include <string>

#include "core/backend/backend.h"
#include "core/transport/message.h"

namespace tenon::internal {

// What a task says of a device of its own; the device that another one makes of it. Nothing can be
// computed or kept there: whatever asks for that throws RuntimeError (bad_placement).
void add_device(Message& message, const Device& device);
std::unique_ptr<Device> read_device(MessageReader& reader);

}  // namespace tenon::internal
