#include "fault.h"

#include <utility>

#include "abi.h"

namespace mien::npu {
namespace {

/// The line of the log that says what went wrong: the first error ("E RKNN: [12:00:00.000] words"), or else the first line; without the prefix.
std::string tellingLine(const std::string& log) {
  const size_t error = log.find("E RKNN:");
  const size_t start = error == std::string::npos ? 0 : error;
  std::string line = log.substr(start, log.find('\n', start) - start);
  const size_t bracket = line.find("] ");
  if (line.find("RKNN: [") < 4 && bracket != std::string::npos) line.erase(0, bracket + 2);
  return line;
}

}  // namespace

const char* wordsOf(int rc) {
  switch (rc) {
    case kFail: return "it failed";
    case kTimeout: return "it took too long";
    case kDeviceUnavailable: return "the device is not available";
    case kMallocFail: return "out of memory";
    case kParamInvalid: return "a parameter is invalid";
    case kModelInvalid: return "the model is invalid";
    case kContextInvalid: return "the context is invalid";
    case kInputInvalid: return "the input is invalid";
    case kOutputInvalid: return "the output is invalid";
    case kDeviceUnmatched: return "the device does not fit the runtime";
    case kIncompatiblePrecompiled: return "the compiled model does not fit the driver";
    case kIncompatibleOptimisation: return "the model's optimisation level does not fit the driver";
    case kPlatformUnmatched: return "the model is for another chip";
    default: return "an unknown code";
  }
}

Fault callFailed(const char* call, int rc, std::string log) {
  Fault fault;
  fault.code = "call-failed";
  fault.call = call;
  fault.rc = rc;
  fault.message = std::string(call) + " answered " + std::to_string(rc) + " (" + wordsOf(rc) + ")";
  if (!log.empty()) fault.message += ": " + tellingLine(log);
  fault.log = std::move(log);
  return fault;
}

Fault saidOtherwise(const char* call, std::string log) {
  const std::string words = tellingLine(log);
  return badResult(call, "wrote: " + words, std::move(log));
}

Fault badResult(const char* call, std::string what, std::string log) {
  Fault fault;
  fault.code = "bad-result";
  fault.call = call;
  fault.message = std::string(call) + " answered 0, but " + what;
  fault.log = std::move(log);
  return fault;
}

}  // namespace mien::npu
