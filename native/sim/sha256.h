#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace mien::sim {

/// SHA-256 (FIPS 180-4) as 64 hex digits.
std::string sha256(const uint8_t* data, size_t size);

}  // namespace mien::sim
