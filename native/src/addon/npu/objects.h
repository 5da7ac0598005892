// Faults and descriptions as JavaScript objects.
#pragma once
#include <napi.h>

#include "network.h"

namespace mien::npu {

/// { code, message, call?, rc?, log }
Napi::Object objectOf(Napi::Env env, const Fault& fault);
/// { apiVersion, driverVersion, inputs, outputs }
Napi::Object objectOf(Napi::Env env, const Description& description);
/// { weightBytes, internalBytes, dmaBytes }
Napi::Object objectOf(Napi::Env env, const MemSize& memory);

}  // namespace mien::npu
