// The module: what JavaScript calls, with the state of one environment. Nothing is shared between environments (workers).
#include <napi.h>

#include <cmath>
#include <new>

#include "arguments.h"
#include "kernels.h"
#include "notify.h"
#include "npu/host.h"

namespace {

using namespace mien;

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env env, Napi::Object exports) : kernels_(chooseKernels("")), npu_(env) {
    DefineAddon(exports, {InstanceMethod("warp", &Addon::Warp), InstanceMethod("measure", &Addon::Measure), InstanceMethod("notify", &Addon::Notify),
                          InstanceMethod("dispatch", &Addon::Dispatch)});
    exports.Set("npu", npu_.functions(env));
  }

 private:
  /// warp(source: Uint8Array, out, plan: Float64Array)
  Napi::Value Warp(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      const View source = readView(info.Env(), info[0], "the source's data");
      const View out = readView(info.Env(), info[1], "the output");
      const View plan = readView(info.Env(), info[2], "the plan");
      kernels_->warp(readWarp(source, out, plan), scratch_);
    });
  }

  /// measure(tensor, plan: Float64Array, result: Float64Array(3))
  Napi::Value Measure(const Napi::CallbackInfo& info) {
    return guarded(info.Env(), [&] {
      const View tensor = readView(info.Env(), info[0], "the tensor");
      const View plan = readView(info.Env(), info[1], "the plan");
      const View result = readView(info.Env(), info[2], "the result");
      if (result.type != napi_float64_array || result.length < 3) throw Refusal{true, "the result must be a Float64Array of 3"};
      const Measures measures = kernels_->measure(readTensor(tensor, plan, "the tensor"), scratch_);
      if (!std::isfinite(measures.light)) throw Refusal{false, "the tensor holds values that are not finite"};
      double* to = static_cast<double*>(result.data);
      to[0] = measures.light;
      to[1] = measures.contrast;
      to[2] = measures.sharpness;
    });
  }

  /// notify(address: string, message: string)
  Napi::Value Notify(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsString() || !info[1].IsString()) throw Napi::TypeError::New(env, "notify takes two strings");
    const std::string address = info[0].As<Napi::String>();
    const std::string message = info[1].As<Napi::String>();
    const char* fault = notify(address.c_str(), message.c_str());
    if (fault != nullptr) throw Napi::Error::New(env, std::string("cannot notify the service manager: ") + fault);
    return env.Undefined();
  }

  /// dispatch(name?: string): chooses the kernels of an instruction set, and answers which are in use.
  Napi::Value Dispatch(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info[0].IsString()) {
      const std::string name = info[0].As<Napi::String>();
      const Kernels* chosen = chooseKernels(name.c_str());
      if (chosen == nullptr) throw Napi::RangeError::New(env, "this processor and build have no kernels named '" + name + "'");
      kernels_ = chosen;
    }
    return Napi::String::New(env, kernels_->name);
  }

  template <typename Work>
  static Napi::Value guarded(Napi::Env env, Work work) {
    try {
      work();
    } catch (const Refusal& refusal) {
      if (refusal.type) throw Napi::TypeError::New(env, refusal.text);
      throw Napi::RangeError::New(env, refusal.text);
    } catch (const std::bad_alloc&) {
      throw Napi::Error::New(env, "out of memory");
    }
    return env.Undefined();
  }

  const Kernels* kernels_;
  Scratch scratch_;
  npu::Host npu_;
};

}  // namespace

NODE_API_NAMED_ADDON(mien, Addon)
