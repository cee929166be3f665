// Bytes as text.
#pragma once

#include <string>

#include "base/bytes.h"

namespace qbench {

// RFC 4648, section 4: with padding, without line breaks.
std::string Base64(ByteSpan bytes);

}  // namespace qbench
