// The .rknn container, as far as the real runtime judges it before it loads.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "settings.h"

namespace mien::sim {

struct NamedTensor {
  std::string name;
  std::vector<uint32_t> dims;  // as the network has them: NCHW where there are four
};

struct Container {
  std::string name;
  uint32_t mainBytes = 0;
  std::vector<NamedTensor> inputs, outputs;
};

/// A refusal with the return code and the words of the real runtime.
struct Refusal {
  int rc = 0;
  std::string words;
};

/// Reads the header, the target and the tensors' names and dimensions. `refusal.rc` is 0 when the runtime would take the file.
Container readContainer(const uint8_t* data, size_t size, const Settings& settings, Refusal& refusal);

}  // namespace mien::sim
