#include <cstdlib>
#include <new>

#include "job.h"

namespace mien {

Scratch::~Scratch() {
  for (void* block : block_) std::free(block);
}

void* Scratch::reserve(int slot, size_t bytes) {
  if (bytes > size_[slot]) {
    const size_t rounded = (bytes + 4095) / 4096 * 4096;
    void* grown = std::aligned_alloc(64, rounded);
    if (grown == nullptr) throw std::bad_alloc();
    std::free(block_[slot]);
    block_[slot] = grown;
    size_[slot] = rounded;
  }
  return block_[slot];
}

}  // namespace mien
