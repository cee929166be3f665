// Asks the firmware of a Raspberry Pi.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace qbench::measure {

// What `vcgencmd <arguments>` prints, with its line ends; absent where the program is not installed
// below `root`, or fails, or has not answered after two seconds.
std::optional<std::string> AskFirmware(const std::filesystem::path& root,
                                       const std::vector<std::string>& arguments);

}  // namespace qbench::measure
