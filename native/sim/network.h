// A loaded network: what its tensors are and what it answers.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "container.h"
#include "settings.h"
#include "tensors.h"

namespace mien::sim {

/// One buffer per output, in the output's own type and plain layout.
using Results = std::vector<std::vector<uint8_t>>;

struct Network {
  std::string hash, containerName, name;  // SHA-256 of the file; as the container says; as faults call it
  uint32_t weightBytes = 0, internalBytes = 0;
  std::vector<npu::TensorAttr> inputs, outputs, nativeOutputs;
  std::vector<std::vector<uint8_t>> noise;  // per output, in its type: the 256 elements that unscripted answers are made of
  Answers answers;

  Results blank() const;
  /// What the network makes of an input (dense, in the input's order): the scripted outputs of a known one, else small numbers that depend on it.
  void answer(const uint8_t* input, size_t size, Results& into) const;
};

/// Throws std::runtime_error where the description does not fit the container.
std::shared_ptr<const Network> makeNetwork(const uint8_t* data, size_t size, const Container& container, const Settings& settings);

}  // namespace mien::sim
