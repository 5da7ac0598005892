// Tensors as the runtime tells and stores them: attributes, quantisation, layouts.
#pragma once
#include <cstdint>
#include <vector>

#include "../src/addon/npu/abi.h"
#include "container.h"
#include "settings.h"

namespace mien::sim {

size_t bytesOf(uint32_t type);

/// NHWC and INT8, as the real runtime tells a quantised image; without four dimensions as the container has it.
npu::TensorAttr inputAttr(uint32_t index, const NamedTensor& tensor, const TensorSettings& settings);
npu::TensorAttr outputAttr(uint32_t index, const NamedTensor& tensor, const TensorSettings& settings);
/// The same tensor as the NPU would lay it out by itself.
npu::TensorAttr nativeAttr(const npu::TensorAttr& plain, const TensorSettings& settings);

/// Element `index` of a tensor in its own type.
void store(uint8_t* data, uint32_t index, const npu::TensorAttr& attr, float value);
float load(const uint8_t* data, uint32_t index, const npu::TensorAttr& attr);

/// Writes a result (plain layout, own type) as `asked` wants it: the own type or f32, plain or NC1HWC2. At most `capacity` bytes; true if all fitted.
bool deliver(const std::vector<uint8_t>& result, const npu::TensorAttr& plain, const npu::TensorAttr& asked, uint8_t* into, size_t capacity);

}  // namespace mien::sim
