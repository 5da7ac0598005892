#include "port.h"

#include <napi.h>

namespace mien::npu {
namespace {

// A run's answer is a number in the pointer's place (odd; a reply's address is even), so that sending it allocates nothing of ours.
void* packRun(uint32_t worker, int slot) { return reinterpret_cast<void*>(uintptr_t(worker) << 8 | uintptr_t(slot) << 1 | 1); }

}  // namespace

Port::Port(napi_env env, Receiver& receiver) {
  napi_value name;
  napi_create_string_utf8(env, "mien-npu", NAPI_AUTO_LENGTH, &name);
  if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, &receiver, deliver, &function_) != napi_ok) {
    function_ = nullptr;
    return;
  }
  napi_unref_threadsafe_function(env, function_);
}

void Port::ran(uint32_t worker, int slot) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (function_ != nullptr) napi_call_threadsafe_function(function_, packRun(worker, slot), napi_tsfn_nonblocking);
}

void Port::replied(std::unique_ptr<Reply> reply) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (function_ != nullptr && napi_call_threadsafe_function(function_, reply.get(), napi_tsfn_nonblocking) == napi_ok) reply.release();
}

void Port::expect(napi_env env, int change) {
  if (function_ == nullptr) return;
  const bool before = awaited_ > 0;
  awaited_ += change;
  const bool now = awaited_ > 0;
  if (now && !before) napi_ref_threadsafe_function(env, function_);
  if (before && !now) napi_unref_threadsafe_function(env, function_);
}

void Port::close() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (function_ != nullptr) napi_release_threadsafe_function(function_, napi_tsfn_abort);
  function_ = nullptr;
}

void Port::deliver(napi_env env, napi_value, void* context, void* data) {
  const uintptr_t bits = reinterpret_cast<uintptr_t>(data);
  const bool run = bits & 1;
  const std::unique_ptr<Reply> reply(run ? nullptr : static_cast<Reply*>(data));
  if (env == nullptr) return;
  Receiver* receiver = static_cast<Receiver*>(context);
  try {
    if (run) receiver->ran(env, uint32_t(bits >> 8), int(bits >> 1 & 0x7f));
    else receiver->replied(env, *reply);
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
  }
}

}  // namespace mien::npu
