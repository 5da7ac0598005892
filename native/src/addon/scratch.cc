#include <cstdlib>
#include <new>

#include "job.h"

namespace mien {

Scratch::~Scratch() {
  for (void* block : block_) std::free(block);
}

void* Scratch::reserve(int slot, size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  const bool fresh = true;  // exactly as long as asked for, so that one byte too far is caught
  const size_t rounded = bytes;
#else
  const bool fresh = bytes > size_[slot];
  const size_t rounded = (bytes + 4095) / 4096 * 4096;
#endif
  if (fresh) {
    void* grown = nullptr;
    if (posix_memalign(&grown, 64, rounded) != 0) throw std::bad_alloc();
    std::free(block_[slot]);
    block_[slot] = grown;
    size_[slot] = rounded;
  }
  return block_[slot];
}

}  // namespace mien
