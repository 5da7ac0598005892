// Any attributes that a runtime may give: refused, or read and written within the memory that was planned for them.
#include <vector>

#include "../src/addon/npu/tensors.h"
#include "chance.h"

using namespace mien::npu;

namespace {

TensorAttr attrOf(Chance& input) {
  TensorAttr attr{};
  const bool wild = input.byte() % 8 == 0;
  attr.nDims = wild ? input.as<uint32_t>() : input.byte() % 7;
  attr.nElems = 1;
  for (uint32_t i = 0; i < kMaxDims; i++) {
    attr.dims[i] = wild ? input.as<uint32_t>() : i < attr.nDims ? 1 + input.byte() % 20 : 0;
    if (i < attr.nDims) attr.nElems *= attr.dims[i];
  }
  attr.format = input.byte() % 5;
  attr.type = input.byte() % 13;
  attr.quantisation = input.byte() % 4;
  attr.fractionLength = input.as<int8_t>();
  attr.zeroPoint = input.as<int32_t>();
  attr.scale = input.as<float>();
  attr.wStride = wild ? input.as<uint32_t>() : input.byte() % 32;
  attr.size = wild ? input.as<uint32_t>() : attr.nElems * 4;
  attr.name[0] = 'x';
  if (input.byte() % 16 == 0) for (char& c : attr.name) c = 'x';
  return attr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Chance input(data, size);
  const TensorAttr logical = attrOf(input);
  const TensorAttr native = attrOf(input);
  if (!faultOf(logical).empty() || logical.nElems > 100'000) return 0;
  if (faultOf(native).empty()) {
    Reading reading;
    if (planReading(logical, native, reading) && reading.bytes < 10'000'000) {
      const std::vector<uint8_t> memory(reading.bytes, 0x81);
      std::vector<float> out(logical.nElems);
      read(reading, memory.data(), out.data());
    }
  }
  const Rows rows = rowsOf(logical, native.wStride);
  if (rows.total() < 10'000'000) {
    const std::vector<uint8_t> from(logical.nElems, 1);
    std::vector<uint8_t> to(rows.total());
    copyRows(rows, from.data(), to.data());
  }
  return 0;
}
