#include "support/tables.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <map>
#include <ostream>
#include <set>

namespace samples {
namespace {

using Row = std::array<std::string, 6>;

void print_table(std::ostream& out, const std::vector<Row>& rows) {
  constexpr size_t kFirstNumber = 4;  // columns of numbers are set to the right
  std::array<size_t, 6> width{};
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) width[i] = std::max(width[i], row[i].size());
  }
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      out << (i == 0 ? "" : "  ") << (i < kFirstNumber ? std::left : std::right)
          << std::setw(static_cast<int>(width[i])) << row[i];
    }
    out << '\n';
  }
}

}  // namespace

std::string short_device(const std::string& name) {
  const size_t at = name.find("/device:");
  return at == std::string::npos ? name : name.substr(at);
}

void print_devices(std::ostream& out, const tenon::Session& session) {
  bool gpu = false;
  out << "Devices:";
  for (const tenon::DeviceInfo& device : session.list_devices()) {
    out << ' ' << short_device(device.name);
    if (!device.description.empty()) out << " (" << device.description << ')';
    gpu = gpu || device.device_type == "GPU";
  }
  out << '\n';
  if (!gpu) out << "There is no GPU here: the same program runs on the CPU.\n";
}

std::vector<digits::VariableRow> variable_rows(const tenon::Session& session,
                                               const std::vector<tenon::Variable>& variables) {
  std::set<std::string> wanted;
  for (const tenon::Variable& variable : variables) wanted.insert(variable.op().name());
  std::vector<digits::VariableRow> rows;
  for (const tenon::Allocation& buffer : session.variable_allocations()) {
    if (wanted.count(buffer.variable) == 0) continue;
    rows.push_back({buffer.variable, buffer.shape.to_string(),
                    std::string(tenon::to_string(buffer.dtype)), short_device(buffer.device),
                    buffer.bytes});
  }
  return rows;
}

void print_variables(std::ostream& out, const tenon::Session& session,
                     const std::vector<tenon::Variable>& variables) {
  std::map<std::string, int> copies;
  size_t total = 0;
  for (const tenon::Allocation& buffer : session.variable_allocations()) {
    ++copies[buffer.variable];
    total += buffer.bytes;
  }
  std::vector<Row> table = {{"variable", "shape", "dtype", "device", "bytes", "copies"}};
  size_t bytes = 0;
  for (const digits::VariableRow& row : variable_rows(session, variables)) {
    bytes += row.bytes;
    table.push_back({row.name, row.shape, row.dtype, row.device, std::to_string(row.bytes),
                     std::to_string(copies[row.name])});
  }
  print_table(out, table);
  const bool once = std::all_of(copies.begin(), copies.end(),
                                [](const auto& count) { return count.second == 1; });
  out << table.size() - 1 << " variables (" << bytes << " bytes) and "
      << copies.size() - (table.size() - 1) << " more for training (" << total - bytes
      << " bytes): " << (once ? "each exists once.\n" : "some exist more than once.\n");
}

}  // namespace samples
