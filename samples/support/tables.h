// Prints what a session has.
#pragma once

#include <tenon/tenon.h>

#include <iosfwd>
#include <string>
#include <vector>

#include "support/report.h"

namespace samples {

// "/device:GPU:0" of "/job:localhost/replica:0/task:0/device:GPU:0".
std::string short_device(const std::string& name);

// One line of the devices that were found, and one that says so where there is no GPU.
void print_devices(std::ostream& out, const tenon::Session& session);

// The memory that these variables have in the session: one row a buffer.
std::vector<digits::VariableRow> variable_rows(const tenon::Session& session,
                                               const std::vector<tenon::Variable>& variables);

// These rows as a table, with how many copies there are of each variable; then a line about all
// the other variables that the session holds (an optimizer's).
void print_variables(std::ostream& out, const tenon::Session& session,
                     const std::vector<tenon::Variable>& variables);

}  // namespace samples
