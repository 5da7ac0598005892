#include "kernels.h"

#include <cstring>

namespace mien {

const Kernels* chooseKernels(const char* name) {
  const Kernels* usable[2];
  int count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) usable[count++] = &kAvx2Kernels;
#endif
  usable[count++] = &kBaselineKernels;
  if (name[0] == '\0') return usable[0];
  for (int i = 0; i < count; i++) {
    if (std::strcmp(usable[i]->name, name) == 0) return usable[i];
  }
  return nullptr;
}

}  // namespace mien
