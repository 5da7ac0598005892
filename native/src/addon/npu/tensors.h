// From the runtime's layouts to plain floats, and from plain bytes to the runtime's rows. Pure: no call of the runtime, no allocation per run.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "abi.h"

namespace mien::npu {

/// Bytes of one element; 0 where this addon does not read the type itself.
uint32_t bytesOf(uint32_t type);

/// What is wrong with an attribute that the runtime gave, or "".
std::string faultOf(const TensorAttr& attr);

/// Rows of pixels in the device's memory: `rows` of `rowBytes`, `strideBytes` apart.
struct Rows {
  uint32_t rows, rowBytes, strideBytes;
  size_t total() const { return size_t(rows) * strideBytes; }
};

/// How NHWC bytes are laid into memory that is described by `attr` (format NHWC or NCHW of four dimensions; anything else is one row).
Rows rowsOf(const TensorAttr& attr, uint32_t wStride);
void copyRows(const Rows& rows, const uint8_t* from, uint8_t* to);

/// Where the values of an output lie in the device's memory, and what they mean.
struct Reading {
  uint32_t type, elements;
  float scale;
  int32_t zeroPoint;
  // Element (n, c, h, w) lies at n * stepN + (c / block) * stepBlock + h * stepH + w * stepW + (c % block) * stepC, in elements.
  uint32_t n, c, h, w, block;
  size_t stepN, stepBlock, stepH, stepW, stepC;
  size_t bytes;  // from the first to behind the last value
  bool flat;     // in order already
};

/// Plans the reading of `logical` (the network's own order) from memory laid out as `native`. False where that is a layout or type that this
/// addon does not read: then the runtime has to convert.
bool planReading(const TensorAttr& logical, const TensorAttr& native, Reading& reading);
void read(const Reading& reading, const void* memory, float* out);

}  // namespace mien::npu
