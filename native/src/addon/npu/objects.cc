#include "objects.h"

#include <cmath>

namespace mien::npu {
namespace {

const char* nameOfType(uint32_t type) {
  static const char* const names[] = {"f32", "f16", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "bool", "i4", "bf16"};
  return type < sizeof names / sizeof *names ? names[type] : "unknown";
}

const char* nameOfFormat(uint32_t format) {
  static const char* const names[] = {"nchw", "nhwc", "nc1hwc2"};
  return format < sizeof names / sizeof *names ? names[format] : "undefined";
}

Napi::Object objectOf(Napi::Env env, const TensorAttr& attr) {
  Napi::Object object = Napi::Object::New(env);
  Napi::Array dims = Napi::Array::New(env, attr.nDims);
  for (uint32_t i = 0; i < attr.nDims; i++) dims.Set(i, attr.dims[i]);
  object.Set("name", attr.name);
  object.Set("dims", dims);
  object.Set("format", nameOfFormat(attr.format));
  object.Set("type", nameOfType(attr.type));
  const bool affine = attr.quantisation == kQuantAffine;
  object.Set("zeroPoint", affine ? attr.zeroPoint : 0);
  object.Set("scale", affine ? double(attr.scale) : attr.quantisation == kQuantFixedPoint ? std::ldexp(1.0, -attr.fractionLength) : 1.0);
  object.Set("elements", attr.nElems);
  object.Set("size", attr.size);
  object.Set("sizeWithStride", attr.sizeWithStride);
  object.Set("wStride", attr.wStride);
  return object;
}

}  // namespace

Napi::Object objectOf(Napi::Env env, const Fault& fault) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("code", fault.code);
  object.Set("message", fault.message);
  if (fault.call != nullptr) object.Set("call", fault.call);
  if (fault.rc != 0) object.Set("rc", fault.rc);
  object.Set("log", fault.log);
  return object;
}

Napi::Object objectOf(Napi::Env env, const Description& description) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("apiVersion", description.apiVersion);
  object.Set("driverVersion", description.driverVersion);
  Napi::Array inputs = Napi::Array::New(env, 1);
  inputs.Set(0u, objectOf(env, description.input));
  object.Set("inputs", inputs);
  Napi::Array outputs = Napi::Array::New(env, description.outputs.size());
  for (uint32_t i = 0; i < description.outputs.size(); i++) outputs.Set(i, objectOf(env, description.outputs[i]));
  object.Set("outputs", outputs);
  return object;
}

Napi::Object objectOf(Napi::Env env, const MemSize& memory) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("weightBytes", memory.weights);
  object.Set("internalBytes", memory.internal);
  object.Set("dmaBytes", double(memory.dma));
  return object;
}

}  // namespace mien::npu
