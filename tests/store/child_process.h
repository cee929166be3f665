// Runs a piece of a test in a child process: what it does to limits, privileges and locks, or its
// sudden end, stays there.
#pragma once

#include <functional>
#include <string>

namespace qbench::store {

// Forks, calls body(write_descriptor) in the child and ends it with _exit; returns what the child
// wrote. With `stop_after` > 0, kills the child with SIGKILL as soon as it has written that many
// bytes.
std::string RunInChild(const std::function<void(int)>& body, size_t stop_after = 0);

// write() of the whole text.
void Tell(int descriptor, const std::string& text);

}  // namespace qbench::store
