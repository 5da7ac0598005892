// What goes wrong, as JavaScript will see it (native/src/npu-error.ts).
#pragma once
#include <string>

namespace mien::npu {

struct Fault {
  const char* code = nullptr;  // a NpuErrorCode; nullptr: nothing went wrong
  std::string message;
  const char* call = nullptr;  // the runtime's function
  int rc = 0;
  std::string log;             // what the runtime wrote meanwhile

  explicit operator bool() const { return code != nullptr; }
};

/// The runtime's return code in words.
const char* wordsOf(int rc);

/// `rknn_x answered -6 (...)`, with the telling line of the log.
Fault callFailed(const char* call, int rc, std::string log);

/// The runtime answered 0, but wrote an error.
Fault saidOtherwise(const char* call, std::string log);

/// The runtime answered 0, but what it gave cannot be so.
Fault badResult(const char* call, std::string what, std::string log);

}  // namespace mien::npu
