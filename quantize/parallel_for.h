// Work on many tensors, shared out to threads.
#pragma once

#include <cstddef>
#include <functional>

#include "base/status.h"

namespace qbench::quantize {

// Calls `work(thread, index)` once for every index below `count`, on this thread and up to
// `threads` - 1 others; `thread` is below `threads`, and at no time two calls have the same one.
// Of several failures that of the lowest index is given; what was begun is finished. An exception
// comes out on this thread.
Status ParallelFor(size_t count, size_t threads,
                   const std::function<Status(size_t thread, size_t index)>& work);

// How many threads are worth it: AvailableCores(), at most four, since others run the model.
size_t WorkThreads();

}  // namespace qbench::quantize
