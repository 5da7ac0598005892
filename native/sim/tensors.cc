#include "tensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace mien::sim {
namespace {

using npu::TensorAttr;

constexpr uint32_t kLanes = 16;  // channels of an INT8 block in NC1HWC2

uint32_t typeOf(const std::string& name) { return name == "f32" ? npu::kF32 : name == "f16" ? npu::kF16 : name == "u8" ? npu::kU8 : npu::kI8; }

bool isQuantised(uint32_t type) { return type == npu::kI8 || type == npu::kU8; }

uint16_t toHalf(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value), sign = bits >> 16 & 0x8000;
  const float size = std::fabs(value);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00);
  if (size >= 65520) return static_cast<uint16_t>(sign | 0x7c00);
  // Below the smallest normal half, halves are whole multiples of 2^-24.
  if (size < 0x1p-14f) return static_cast<uint16_t>(sign | static_cast<uint32_t>(std::nearbyintf(size * 0x1p24f)));
  const uint32_t rounded = (bits & 0x7fffffff) + 0xfff + (bits >> 13 & 1);
  return static_cast<uint16_t>(sign | ((rounded >> 13) - (112u << 10)));
}

float fromHalf(uint16_t half) {
  const uint32_t exponent = half >> 10 & 31, fraction = half & 0x3ff;
  const float sign = half & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 0) return sign * static_cast<float>(fraction) * 0x1p-24f;
  if (exponent == 31) return fraction ? NAN : sign * INFINITY;
  return sign * std::ldexp(1.0f + static_cast<float>(fraction) / 1024.0f, static_cast<int>(exponent) - 15);
}

void measure(TensorAttr& attr) {
  attr.nElems = 1;
  for (uint32_t i = 0; i < attr.nDims; ++i) attr.nElems *= attr.dims[i];
  attr.size = static_cast<uint32_t>(attr.nElems * bytesOf(attr.type));
  attr.sizeWithStride = attr.size;
}

TensorAttr start(uint32_t index, const NamedTensor& tensor, const TensorSettings& settings) {
  TensorAttr attr{};
  attr.index = index;
  const auto& dims = settings.dims.empty() ? tensor.dims : settings.dims;
  attr.nDims = static_cast<uint32_t>(std::min<size_t>(dims.size(), npu::kMaxDims));
  std::copy_n(dims.begin(), attr.nDims, attr.dims);
  const std::string& name = settings.name.empty() ? tensor.name : settings.name;
  std::memcpy(attr.name, name.data(), std::min<size_t>(name.size(), npu::kMaxName - 1));
  attr.type = typeOf(settings.type);
  const bool quantised = isQuantised(attr.type);
  attr.quantisation = quantised ? npu::kQuantAffine : npu::kQuantNone;
  attr.zeroPoint = quantised ? settings.zeroPoint.value_or(0) : 0;
  attr.scale = quantised ? static_cast<float>(settings.scale.value_or(0.01)) : 1.0f;
  return attr;
}

}  // namespace

size_t bytesOf(uint32_t type) { return type == npu::kF32 ? 4 : type == npu::kF16 ? 2 : 1; }

TensorAttr inputAttr(uint32_t index, const NamedTensor& tensor, const TensorSettings& settings) {
  TensorAttr attr = start(index, tensor, settings);
  attr.format = npu::kUndefined;
  if (!settings.scale) attr.scale = 1.0f / 127.5f;
  if (attr.nDims == 4) {
    // A network's own order is NCHW; the runtime shows the image's.
    if (settings.dims.empty()) attr.dims[1] = tensor.dims[2], attr.dims[2] = tensor.dims[3], attr.dims[3] = tensor.dims[1];
    attr.format = npu::kNhwc;
    attr.wStride = attr.dims[2];
  }
  measure(attr);
  if (settings.strideWidth > attr.wStride && attr.nDims == 4) {
    attr.wStride = settings.strideWidth;
    attr.sizeWithStride = static_cast<uint32_t>(attr.dims[0] * attr.dims[1] * attr.wStride * attr.dims[3] * bytesOf(attr.type));
  }
  return attr;
}

TensorAttr outputAttr(uint32_t index, const NamedTensor& tensor, const TensorSettings& settings) {
  TensorAttr attr = start(index, tensor, settings);
  attr.format = attr.nDims == 4 ? npu::kNchw : npu::kUndefined;
  measure(attr);
  return attr;
}

TensorAttr nativeAttr(const TensorAttr& plain, const TensorSettings& settings) {
  TensorAttr attr = plain;
  if (settings.layout != "nc1hwc2" || plain.nDims != 4) return attr;
  const auto [n, c, h, w] = std::array<uint32_t, 4>{plain.dims[0], plain.dims[1], plain.dims[2], plain.dims[3]};
  const uint32_t shape[] = {n, (c + kLanes - 1) / kLanes, h, w, kLanes};
  attr.nDims = 5;
  std::copy_n(shape, 5, attr.dims);
  attr.format = npu::kNc1hwc2;
  measure(attr);
  return attr;
}

void store(uint8_t* data, uint32_t index, const TensorAttr& attr, float value) {
  if (attr.type == npu::kF32) {
    std::memcpy(data + 4 * index, &value, 4);
  } else if (attr.type == npu::kF16) {
    const uint16_t half = toHalf(value);
    std::memcpy(data + 2 * index, &half, 2);
  } else {
    const float low = attr.type == npu::kI8 ? -128 : 0, steps = attr.scale > 0 ? value / attr.scale : 0;
    const float q = std::clamp(std::nearbyintf(steps) + static_cast<float>(attr.zeroPoint), low, low + 255);
    data[index] = static_cast<uint8_t>(static_cast<int>(q));
  }
}

float load(const uint8_t* data, uint32_t index, const TensorAttr& attr) {
  if (attr.type == npu::kF32) {
    float value;
    std::memcpy(&value, data + 4 * index, 4);
    return value;
  }
  if (attr.type == npu::kF16) {
    uint16_t half;
    std::memcpy(&half, data + 2 * index, 2);
    return fromHalf(half);
  }
  const int q = attr.type == npu::kI8 ? static_cast<int8_t>(data[index]) : data[index];
  return static_cast<float>(q - attr.zeroPoint) * attr.scale;
}

bool deliver(const std::vector<uint8_t>& result, const TensorAttr& plain, const TensorAttr& asked, uint8_t* into, size_t capacity) {
  const bool blocked = asked.format == npu::kNc1hwc2 && plain.nDims == 4;
  if (!blocked && asked.type == plain.type) {
    std::memcpy(into, result.data(), std::min(result.size(), capacity));
    return result.size() <= capacity;
  }
  const uint32_t channels = blocked ? plain.dims[1] : 1, area = blocked ? plain.dims[2] * plain.dims[3] : plain.nElems;
  const uint32_t blocks = (channels + kLanes - 1) / kLanes, width = blocked ? kLanes : 1;
  const size_t each = bytesOf(asked.type);
  bool fits = true;
  for (uint32_t i = 0; i < plain.nElems; ++i) {
    uint32_t at = i;
    if (blocked) {
      const uint32_t batch = i / (channels * area), c = i / area % channels, pixel = i % area;
      at = ((batch * blocks + c / width) * area + pixel) * width + c % width;
    }
    if ((at + 1) * each > capacity) {
      fits = false;
      continue;
    }
    // Only f32 is another type than the tensor's own: the rest is copied as it is.
    if (asked.type == plain.type) std::memcpy(into + at * each, result.data() + i * each, each);
    else store(into, at, asked, load(result.data(), i, plain));
  }
  return fits;
}

}  // namespace mien::sim
