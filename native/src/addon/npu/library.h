// The runtime's shared library: found, loaded, its symbols resolved. It is never unloaded: its threads and ours may be inside.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "abi.h"
#include "fault.h"

namespace mien::npu {

struct Library {
  std::string path;
  std::string version;  // as the library's file spells it ("1.5.2 (c6b7b351a@...)"); empty where it does not
  bool simulated = false;

  InitFn init = nullptr;
  DestroyFn destroy = nullptr;
  QueryFn query = nullptr;
  InputsSetFn inputsSet = nullptr;
  RunFn run = nullptr;
  OutputsGetFn outputsGet = nullptr;
  OutputsReleaseFn outputsRelease = nullptr;

  // Any of these may be missing.
  SetCoreMaskFn setCoreMask = nullptr;
  DupContextFn dupContext = nullptr;
  CreateMemFn createMem = nullptr;
  DestroyMemFn destroyMem = nullptr;
  SetIoMemFn setIoMem = nullptr;
  MemSyncFn memSync = nullptr;
  SimConfigureFn simConfigure = nullptr;

  bool zeroCopy() const { return createMem != nullptr && destroyMem != nullptr && setIoMem != nullptr; }
};

/// Loads the first of `places` that is there: paths, or a bare name that the loader searches for. nullptr, with `fault` saying why.
std::shared_ptr<const Library> openLibrary(const std::vector<std::string>& places, Fault& fault);

/// Hands `json` to a simulated runtime.
Fault configure(const Library& library, const std::string& json);

}  // namespace mien::npu
