// The kernels exist once per instruction set, from one source (isa.cc); the best one the processor has is chosen at run time.
#pragma once
#include "job.h"

namespace mien {

struct Kernels {
  const char* name;
  void (*warp)(const WarpJob& job, Scratch& scratch);
  Measures (*measure)(const Tensor& tensor, Scratch& scratch);
};

extern const Kernels kBaselineKernels;  // "baseline" on x86-64 (SSE2), "neon" on arm64
#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;
#endif

/// The kernels named so, or the best ones when `name` is empty; nullptr if unknown or beyond this processor.
const Kernels* chooseKernels(const char* name);

}  // namespace mien
