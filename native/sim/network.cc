#include "network.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "sha256.h"

namespace mien::sim {
namespace {

constexpr uint64_t kMultiplier = 0x9e3779b97f4a7c15;

/// Four lanes of multiply and rotate: every byte counts, and 37 kB take a few microseconds.
uint64_t mixed(const uint8_t* data, size_t size) {
  uint64_t lanes[4] = {size, 1, 2, 3};
  size_t at = 0;
  for (; at + 32 <= size; at += 32) {
    for (int lane = 0; lane < 4; ++lane) {
      uint64_t word;
      std::memcpy(&word, data + at + 8 * lane, 8);
      const uint64_t next = (lanes[lane] ^ word) * kMultiplier;
      lanes[lane] = next << 29 | next >> 35;
    }
  }
  for (; at < size; ++at) lanes[0] = (lanes[0] ^ data[at]) * kMultiplier;
  uint64_t out = 0;
  for (const uint64_t lane : lanes) out = ((out ^ lane) * kMultiplier) ^ lane >> 32;
  return out;
}

/// The numbers within a tenth of `base`, as the tensor stores them.
std::vector<uint8_t> noiseAround(double base, const npu::TensorAttr& attr) {
  std::vector<uint8_t> out(256 * bytesOf(attr.type));
  for (int i = 0; i < 256; ++i) store(out.data(), static_cast<uint32_t>(i), attr, static_cast<float>(base + (i - 128) / 1280.0));
  return out;
}

/// Picks elements out of `noise`, eight by one word.
template <size_t kBytes>
void fill(std::vector<uint8_t>& into, uint32_t elements, const std::vector<uint8_t>& noise, uint64_t seed) {
  for (uint32_t i = 0; i < elements; i += 8) {
    uint64_t word = (seed + i) * kMultiplier;
    word = (word ^ word >> 29) * 0xbf58476d1ce4e5b9;
    const uint32_t end = std::min(elements, i + 8);
    for (uint32_t at = i; at < end; ++at, word >>= 8) std::memcpy(into.data() + at * kBytes, noise.data() + (word & 0xff) * kBytes, kBytes);
  }
}

/// The container's tensors and the description's, by place; each may say what the other leaves out.
template <typename Make>
void merge(const std::vector<NamedTensor>& named, const std::vector<TensorSettings>& described, const char* what, Make make) {
  if (!described.empty() && !named.empty() && described.size() != named.size()) {
    throw std::runtime_error("the simulation describes " + std::to_string(described.size()) + " " + what + ", the model has " + std::to_string(named.size()));
  }
  const size_t count = std::max(named.size(), described.size());
  if (count == 0) throw std::runtime_error(std::string("neither the model nor the simulation says which ") + what + " there are");
  for (size_t i = 0; i < count; ++i) {
    const NamedTensor tensor = i < named.size() ? named[i] : NamedTensor{};
    const TensorSettings settings = i < described.size() ? described[i] : TensorSettings{};
    const auto& dims = settings.dims.empty() ? tensor.dims : settings.dims;
    double elements = 1;
    for (const uint32_t dim : dims) elements *= dim;
    if (dims.empty() || dims.size() > 4 || elements > 1 << 26) {
      throw std::runtime_error(std::string(what) + " " + std::to_string(i) + " must have 1 to 4 dimensions and at most 64 Mi elements");
    }
    make(static_cast<uint32_t>(i), tensor, settings);
  }
}

}  // namespace

Results Network::blank() const {
  Results out;
  for (const npu::TensorAttr& attr : outputs) out.emplace_back(attr.size);
  return out;
}

void Network::answer(const uint8_t* input, size_t size, Results& into) const {
  if (!answers.empty()) {
    const auto known = answers.find(sha256(input, size));
    if (known != answers.end()) {
      for (size_t i = 0; i < outputs.size(); ++i) {
        const std::vector<float>& values = known->second[i];
        for (uint32_t at = 0; at < outputs[i].nElems; ++at) store(into[i].data(), at, outputs[i], values[at]);
      }
      return;
    }
  }
  const uint64_t seed = mixed(input, size);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const size_t bytes = bytesOf(outputs[i].type);
    const auto pick = bytes == 1 ? fill<1> : bytes == 2 ? fill<2> : fill<4>;
    pick(into[i], outputs[i].nElems, noise[i], seed ^ (i + 1) * kMultiplier);
  }
}

std::shared_ptr<const Network> makeNetwork(const uint8_t* data, size_t size, const Container& container, const Settings& settings) {
  auto out = std::make_shared<Network>();
  out->hash = sha256(data, size);
  out->containerName = container.name;
  static const auto& kPlain = *new ModelSettings;
  const ModelSettings* found = settings.find(out->hash, container.name);
  const ModelSettings& model = found ? *found : kPlain;
  out->name = model.name.empty() ? container.name : model.name;
  out->weightBytes = model.weightBytes.value_or(container.mainBytes);
  merge(container.inputs, model.inputs, "inputs", [&](uint32_t index, const NamedTensor& tensor, const TensorSettings& told) {
    out->inputs.push_back(inputAttr(index, tensor, told));
  });
  merge(container.outputs, model.outputs, "outputs", [&](uint32_t index, const NamedTensor& tensor, const TensorSettings& told) {
    out->outputs.push_back(outputAttr(index, tensor, told));
    out->nativeOutputs.push_back(nativeAttr(out->outputs.back(), told));
    out->noise.push_back(noiseAround(told.base, out->outputs.back()));
  });
  uint32_t largest = 0;
  for (const npu::TensorAttr& attr : out->inputs) largest = std::max(largest, attr.size);
  // Twenty images of the input: about what the release's networks were given by the real runtime.
  out->internalBytes = model.internalBytes.value_or(20 * largest);
  out->answers = model.answers;
  for (const auto& [hash, outputs] : out->answers) {
    bool fits = outputs.size() == out->outputs.size();
    for (size_t i = 0; fits && i < outputs.size(); ++i) fits = outputs[i].size() == out->outputs[i].nElems;
    if (!fits) throw std::runtime_error("the answer to input " + hash.substr(0, 12) + " has not the outputs of the model");
  }
  return out;
}

}  // namespace mien::sim
