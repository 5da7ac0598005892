// Compiled once per instruction set (MIEN_ISA names it). Everything lives in an unnamed namespace and nothing from the C++ library is
// instantiated here, so that no function built for a newer processor can be linked into the code of an older one.
#include "kernels.h"

#include <cstring>

namespace {
using namespace mien;
#include "box.inl"
#include "region.inl"
#include "sample.inl"
#include "store.inl"
#include "warp.inl"
#include "measure.inl"
}  // namespace

#define MIEN_TEXT(x) #x
#define MIEN_NAME(x) MIEN_TEXT(x)

namespace mien {
extern const Kernels MIEN_TABLE;
const Kernels MIEN_TABLE = {MIEN_NAME(MIEN_ISA), warp, measure};
}  // namespace mien
