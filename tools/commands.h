// The commands of the program tenon. Each writes its data to standard output and returns the exit
// code; what fails is thrown.
#pragma once

#include <string>
#include <vector>

namespace tenon::tool {

int inspect(const std::vector<std::string>& arguments);
int diff(const std::vector<std::string>& arguments);
int rename(const std::vector<std::string>& arguments);
int convert(const std::vector<std::string>& arguments);
int devices(const std::vector<std::string>& arguments);
int graph(const std::vector<std::string>& arguments);
int run_model(const std::vector<std::string>& arguments);
int env(const std::vector<std::string>& arguments);

}  // namespace tenon::tool
