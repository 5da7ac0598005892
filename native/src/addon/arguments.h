// The wall between JavaScript and the kernels: every number, type and length is checked here, before any memory is touched.
#pragma once
#include <string>

#include <node_api.h>

#include "job.h"

namespace mien {

/// Becomes a TypeError (`type`) or a RangeError in JavaScript.
struct Refusal {
  bool type;
  std::string text;
};

/// Memory of a typed array as it is now; length 0 after its buffer was detached.
struct View {
  napi_typedarray_type type;
  void* data;
  size_t length;
};

/// The view behind `value`; refuses anything but a typed array, naming it as `what`.
View readView(napi_env env, napi_value value, const char* what);

/// `plan` holds the numbers in the order of native/src/plan.ts.
WarpJob readWarp(const View& source, const View& out, const View& plan);
Tensor readTensor(const View& tensor, const View& plan, const char* what);

}  // namespace mien
