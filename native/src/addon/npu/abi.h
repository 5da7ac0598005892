// The C interface of librknnrt (1.5.2 to 2.3.2, little-endian, 64 bit), declared by us from observed facts.
// Names of our own; numbers and layouts are the library's. Every size and offset is asserted below, on each target that is compiled.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mien::npu {

using ContextHandle = uint64_t;

enum Rc : int {
  kOk = 0,
  kFail = -1,
  kTimeout = -2,
  kDeviceUnavailable = -3,
  kMallocFail = -4,
  kParamInvalid = -5,
  kModelInvalid = -6,
  kContextInvalid = -7,
  kInputInvalid = -8,
  kOutputInvalid = -9,
  kDeviceUnmatched = -10,
  kIncompatiblePrecompiled = -11,
  kIncompatibleOptimisation = -12,
  kPlatformUnmatched = -13,
};

enum Query : uint32_t {
  kQueryInOutNum = 0,
  kQueryInput = 1,
  kQueryOutput = 2,
  kQueryPerfDetail = 3,
  kQueryPerfRun = 4,
  kQuerySdkVersion = 5,
  kQueryMemSize = 6,
  kQueryCustomString = 7,
  kQueryNativeInput = 8,
  kQueryNativeOutput = 9,
  kQueryNativeNhwcInput = 10,
  kQueryNativeNhwcOutput = 11,
};

enum TensorType : uint32_t { kF32, kF16, kI8, kU8, kI16, kU16, kI32, kU32, kI64, kBool, kI4, kBf16 };
enum Quantisation : uint32_t { kQuantNone, kQuantFixedPoint, kQuantAffine };
enum Format : uint32_t { kNchw, kNhwc, kNc1hwc2, kUndefined };
enum SyncMode : uint32_t { kSyncToDevice = 1, kSyncFromDevice = 2 };

// Flags of rknn_init.
constexpr uint32_t kFlagPriorityMedium = 0x1;
constexpr uint32_t kFlagPriorityLow = 0x2;
constexpr uint32_t kFlagKeepProcessPriority = 0x2000;  // since 1.6.0; without it the calling thread goes to nice -19

constexpr uint32_t kMaxDims = 16;
constexpr uint32_t kMaxName = 256;

struct InOutNum {
  uint32_t inputs, outputs;
};

struct TensorAttr {
  uint32_t index;  // set by the caller before a query
  uint32_t nDims;
  uint32_t dims[kMaxDims];
  char name[kMaxName];
  uint32_t nElems;
  uint32_t size;  // bytes
  uint32_t format;
  uint32_t type;
  uint32_t quantisation;
  int8_t fractionLength;
  int32_t zeroPoint;
  float scale;
  uint32_t wStride;         // pixels; 0 is the width
  uint32_t sizeWithStride;  // bytes
  uint8_t passThrough;
  uint32_t hStride;
};

struct PerfRun {
  int64_t durationUs;
};

struct SdkVersion {
  char api[256];
  char driver[256];
};

struct MemSize {
  uint32_t weights, internal;
  uint64_t dma;
  uint32_t sramTotal, sramFree;
  uint32_t reserved[10];
};

struct TensorMem {
  void* address;
  uint64_t physical;
  int32_t fd, offset;
  uint32_t size, flags;
  void* own;
};

struct Input {
  uint32_t index;
  void* buffer;
  uint32_t size;
  uint8_t passThrough;
  uint32_t type;
  uint32_t format;
};

struct Output {
  uint8_t wantFloat, isPreallocated;
  uint32_t index;
  void* buffer;
  uint32_t size;
};

struct InitExtend {
  ContextHandle context;
  int32_t modelOffset;
  uint32_t modelSize;
  int32_t modelFd;       // since 2.1.0; reserved before
  uint32_t modelFlags;   // since 2.1.0; reserved before
  uint8_t reserved[112];
};

struct RunExtend {
  uint64_t frame;
  int32_t nonBlocking, timeoutMs, fenceFd;
};

struct OutputExtend {
  uint64_t frame;
};

using InitFn = int (*)(ContextHandle*, void* model, uint32_t size, uint32_t flags, InitExtend*);
using DupContextFn = int (*)(ContextHandle* from, ContextHandle* to);
using DestroyFn = int (*)(ContextHandle);
using QueryFn = int (*)(ContextHandle, Query, void*, uint32_t size);
using InputsSetFn = int (*)(ContextHandle, uint32_t count, Input*);
using SetCoreMaskFn = int (*)(ContextHandle, uint32_t mask);
using RunFn = int (*)(ContextHandle, RunExtend*);
using OutputsGetFn = int (*)(ContextHandle, uint32_t count, Output*, OutputExtend*);
using OutputsReleaseFn = int (*)(ContextHandle, uint32_t count, Output*);
using CreateMemFn = TensorMem* (*)(ContextHandle, uint32_t size);
using DestroyMemFn = int (*)(ContextHandle, TensorMem*);
using SetIoMemFn = int (*)(ContextHandle, TensorMem*, TensorAttr*);
using MemSyncFn = int (*)(ContextHandle, TensorMem*, SyncMode);
/// Of the simulated runtime only: its settings as JSON; anything but 0 refuses them.
using SimConfigureFn = int (*)(const char* json);

#define MIEN_AT(type, field, at) static_assert(offsetof(type, field) == at, #type "." #field " lies elsewhere")
#define MIEN_SIZE(type, size, align) static_assert(sizeof(type) == size && alignof(type) == align, #type " has another size")
static_assert(sizeof(void*) == 8, "only 64 bit targets are declared");
static_assert(sizeof(Query) == 4 && sizeof(TensorType) == 4 && sizeof(Format) == 4 && sizeof(SyncMode) == 4, "enums are 4 bytes");
MIEN_SIZE(InOutNum, 8, 4);
MIEN_AT(InOutNum, outputs, 4);
MIEN_SIZE(TensorAttr, 376, 4);
MIEN_AT(TensorAttr, index, 0);
MIEN_AT(TensorAttr, nDims, 4);
MIEN_AT(TensorAttr, dims, 8);
MIEN_AT(TensorAttr, name, 72);
MIEN_AT(TensorAttr, nElems, 328);
MIEN_AT(TensorAttr, size, 332);
MIEN_AT(TensorAttr, format, 336);
MIEN_AT(TensorAttr, type, 340);
MIEN_AT(TensorAttr, quantisation, 344);
MIEN_AT(TensorAttr, fractionLength, 348);
MIEN_AT(TensorAttr, zeroPoint, 352);
MIEN_AT(TensorAttr, scale, 356);
MIEN_AT(TensorAttr, wStride, 360);
MIEN_AT(TensorAttr, sizeWithStride, 364);
MIEN_AT(TensorAttr, passThrough, 368);
MIEN_AT(TensorAttr, hStride, 372);
MIEN_SIZE(PerfRun, 8, 8);
MIEN_SIZE(SdkVersion, 512, 1);
MIEN_AT(SdkVersion, driver, 256);
MIEN_SIZE(MemSize, 64, 8);
MIEN_AT(MemSize, internal, 4);
MIEN_AT(MemSize, dma, 8);
MIEN_AT(MemSize, sramTotal, 16);
MIEN_AT(MemSize, sramFree, 20);
MIEN_AT(MemSize, reserved, 24);
MIEN_SIZE(TensorMem, 40, 8);
MIEN_AT(TensorMem, physical, 8);
MIEN_AT(TensorMem, fd, 16);
MIEN_AT(TensorMem, offset, 20);
MIEN_AT(TensorMem, size, 24);
MIEN_AT(TensorMem, flags, 28);
MIEN_AT(TensorMem, own, 32);
MIEN_SIZE(Input, 32, 8);
MIEN_AT(Input, buffer, 8);
MIEN_AT(Input, size, 16);
MIEN_AT(Input, passThrough, 20);
MIEN_AT(Input, type, 24);
MIEN_AT(Input, format, 28);
MIEN_SIZE(Output, 24, 8);
MIEN_AT(Output, isPreallocated, 1);
MIEN_AT(Output, index, 4);
MIEN_AT(Output, buffer, 8);
MIEN_AT(Output, size, 16);
MIEN_SIZE(InitExtend, 136, 8);
MIEN_AT(InitExtend, modelOffset, 8);
MIEN_AT(InitExtend, modelSize, 12);
MIEN_AT(InitExtend, modelFd, 16);
MIEN_AT(InitExtend, modelFlags, 20);
MIEN_AT(InitExtend, reserved, 24);
MIEN_SIZE(RunExtend, 24, 8);
MIEN_AT(RunExtend, nonBlocking, 8);
MIEN_AT(RunExtend, timeoutMs, 12);
MIEN_AT(RunExtend, fenceFd, 16);
MIEN_SIZE(OutputExtend, 8, 8);
#undef MIEN_AT
#undef MIEN_SIZE

}  // namespace mien::npu
