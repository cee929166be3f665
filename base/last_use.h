// When a file was last used, by qbench's own word: the time of last access, which is set when a
// file of the cache is taken (mounted `noatime` or `relatime`, the system alone says nothing or too
// little). Any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>

namespace qbench {

// Sets the file's time of last access to now and leaves all else. In a folder that cannot be
// written to nothing happens: a cache that is only read is not cleaned either.
void MarkUsed(const std::filesystem::path& file);

// The later of its last access and its last change; none where it is not there.
std::optional<std::chrono::system_clock::time_point> LastUse(const std::filesystem::path& file);

}  // namespace qbench
