#include "tensors.h"

#include <cmath>
#include <cstring>

namespace mien::npu {
namespace {

constexpr uint64_t kMaxElements = 1u << 28;  // far beyond any output of a network that fits such a board

uint64_t product(const TensorAttr& attr) {
  uint64_t all = 1;
  for (uint32_t i = 0; i < attr.nDims; i++) {
    all *= attr.dims[i];
    if (all == 0 || all > kMaxElements) return 0;
  }
  return all;
}

float fromHalf(uint16_t half) {
  const uint32_t sign = uint32_t(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 31;
  const uint32_t fraction = half & 1023;
  if (exponent == 0) return std::ldexp(float(fraction), -24) * (sign ? -1.0f : 1.0f);
  const uint32_t bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <typename T, typename Convert>
void walk(const Reading& r, const T* memory, float* out, Convert convert) {
  if (r.flat) {
    for (uint32_t i = 0; i < r.elements; i++) out[i] = convert(memory[i]);
    return;
  }
  for (uint32_t n = 0; n < r.n; n++) {
    for (uint32_t c = 0; c < r.c; c++) {
      const T* plane = memory + n * r.stepN + (c / r.block) * r.stepBlock + (c % r.block) * r.stepC;
      for (uint32_t h = 0; h < r.h; h++) {
        const T* row = plane + h * r.stepH;
        for (uint32_t w = 0; w < r.w; w++) *out++ = convert(row[w * r.stepW]);
      }
    }
  }
}

template <typename T>
void walkWhole(const Reading& r, const void* memory, float* out) {
  const auto zero = r.zeroPoint;
  const float scale = r.scale;
  walk(r, static_cast<const T*>(memory), out, [=](T q) { return (float(q) - float(zero)) * scale; });
}

}  // namespace

uint32_t bytesOf(uint32_t type) {
  switch (type) {
    case kI8: case kU8: return 1;
    case kF16: case kI16: case kU16: return 2;
    case kF32: case kI32: case kU32: return 4;
    default: return 0;
  }
}

std::string faultOf(const TensorAttr& attr) {
  if (attr.nDims < 1 || attr.nDims > kMaxDims) return "a tensor has " + std::to_string(attr.nDims) + " dimensions";
  if (std::memchr(attr.name, 0, sizeof attr.name) == nullptr) return "a tensor's name has no end";
  const uint64_t elements = product(attr);
  if (elements == 0) return std::string("the dimensions of '") + attr.name + "' are zero or too large";
  if (elements != attr.nElems) return std::string("'") + attr.name + "' has " + std::to_string(attr.nElems) + " elements, its dimensions say " + std::to_string(elements);
  const uint32_t bytes = bytesOf(attr.type);
  if (bytes != 0 && attr.size < elements * bytes) return std::string("'") + attr.name + "' has " + std::to_string(attr.size) + " bytes for " + std::to_string(elements) + " elements";
  if (attr.quantisation == kQuantAffine && !(std::isfinite(attr.scale) && attr.scale > 0)) return std::string("the scale of '") + attr.name + "' is not a positive number";
  return "";
}

Rows rowsOf(const TensorAttr& attr, uint32_t wStride) {
  if (attr.nDims != 4 || (attr.format != kNhwc && attr.format != kNchw)) return {1, attr.nElems, attr.nElems};
  const bool planar = attr.format == kNchw;
  const uint32_t height = planar ? attr.dims[2] : attr.dims[1];
  const uint32_t width = planar ? attr.dims[3] : attr.dims[2];
  const uint32_t channels = planar ? attr.dims[1] : attr.dims[3];
  const uint32_t stride = wStride < width ? width : wStride;
  return {attr.dims[0] * height, width * channels, stride * channels};
}

void copyRows(const Rows& rows, const uint8_t* from, uint8_t* to) {
  if (rows.rowBytes == rows.strideBytes) {
    std::memcpy(to, from, rows.total());
    return;
  }
  for (uint32_t i = 0; i < rows.rows; i++) std::memcpy(to + size_t(i) * rows.strideBytes, from + size_t(i) * rows.rowBytes, rows.rowBytes);
}

bool planReading(const TensorAttr& logical, const TensorAttr& native, Reading& r) {
  const uint32_t bytes = bytesOf(native.type);
  if (bytes == 0) return false;
  r = Reading{};
  r.type = native.type;
  r.elements = logical.nElems;
  r.scale = native.quantisation == kQuantAffine ? native.scale : native.quantisation == kQuantFixedPoint ? std::ldexp(1.0f, -native.fractionLength) : 1.0f;
  r.zeroPoint = native.quantisation == kQuantAffine ? native.zeroPoint : 0;
  if (!std::isfinite(r.scale)) return false;
  const uint64_t held = product(native);
  if (held == 0) return false;

  const bool square = logical.nDims == 4 && logical.format == kNchw;
  if (square && native.format == kNc1hwc2 && native.nDims == 5) {
    const uint32_t* d = native.dims;
    r.n = logical.dims[0], r.c = logical.dims[1], r.h = logical.dims[2], r.w = logical.dims[3];
    r.block = d[4];
    if (d[0] < r.n || uint64_t(d[1]) * d[4] < r.c || d[2] < r.h || d[3] < r.w) return false;
    r.stepC = 1;
    r.stepW = d[4];
    r.stepH = r.stepW * d[3];
    r.stepBlock = r.stepH * d[2];
    r.stepN = r.stepBlock * d[1];
  } else if (square && native.format == kNhwc && native.nDims == 4) {
    const uint32_t* d = native.dims;
    r.n = logical.dims[0], r.c = logical.dims[1], r.h = logical.dims[2], r.w = logical.dims[3];
    if (d[0] != r.n || d[1] != r.h || d[2] != r.w || d[3] != r.c) return false;
    r.block = r.c;
    r.stepC = 1;
    r.stepW = r.c;
    r.stepH = r.stepW * (native.wStride < r.w ? r.w : native.wStride);
    r.stepN = r.stepH * r.h;
    r.stepBlock = r.stepN;
  } else if (native.format != kNc1hwc2 && held == logical.nElems && (native.format == logical.format || native.format == kUndefined || logical.format == kUndefined)) {
    // A padded row would not be in order.
    if (native.format == kNhwc && native.nDims == 4 && native.wStride > native.dims[2]) return false;
    r.flat = true;
    r.bytes = size_t(r.elements) * bytes;
    return true;
  } else {
    return false;
  }
  r.bytes = ((r.n - 1) * r.stepN + ((r.c - 1) / r.block) * r.stepBlock + (r.h - 1) * r.stepH + (r.w - 1) * r.stepW +
             (r.c <= r.block ? r.c - 1 : r.block - 1) * r.stepC + 1) * bytes;
  return true;
}

void read(const Reading& r, const void* memory, float* out) {
  switch (r.type) {
    case kI8: return walkWhole<int8_t>(r, memory, out);
    case kU8: return walkWhole<uint8_t>(r, memory, out);
    case kI16: return walkWhole<int16_t>(r, memory, out);
    case kU16: return walkWhole<uint16_t>(r, memory, out);
    case kI32: return walkWhole<int32_t>(r, memory, out);
    case kU32: return walkWhole<uint32_t>(r, memory, out);
    case kF32: return walk(r, static_cast<const float*>(memory), out, [](float value) { return value; });
    case kF16: return walk(r, static_cast<const uint16_t*>(memory), out, fromHalf);
    default: return;
  }
}

}  // namespace mien::npu
