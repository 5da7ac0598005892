#include "capture.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>

namespace mien::npu {
namespace {

thread_local Capture* current = nullptr;

void writeOn(const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(STDERR_FILENO, bytes, size);
    if (written > 0) {
      bytes += written;
      size -= size_t(written);
    } else if (written < 0 && errno == EAGAIN) {
      pollfd wait{STDERR_FILENO, POLLOUT, 0};
      if (::poll(&wait, 1, 100) <= 0) return;  // nobody reads: as with any stderr, the words are lost rather than the program
    } else if (written < 0 && errno != EINTR) {
      return;
    }
  }
}

ssize_t writeCookie(void*, const char* bytes, size_t size) {
  const size_t kept = current == nullptr ? 0 : current->keep(bytes, size);
  writeOn(bytes + kept, size - kept);
  return ssize_t(size);
}

}  // namespace

void installCapture() {
  static std::once_flag once;
  std::call_once(once, [] {
    cookie_io_functions_t functions{};
    functions.write = writeCookie;
    FILE* stream = fopencookie(nullptr, "w", functions);
    if (stream == nullptr) return;  // without it the words go where they always went
    std::setvbuf(stream, nullptr, _IONBF, 0);
    stderr = stream;
  });
}

Capture::Capture() : previous_(current) { current = this; }

Capture::~Capture() {
  current = previous_;
  writeOn(text_, length_);
}

std::string Capture::take() {
  std::string taken(text_, length_);
  length_ = 0;
  return taken;
}

bool Capture::saysError() const {
  static const char kMark[] = "E RKNN:";
  return length_ > 0 && memmem(text_, length_, kMark, sizeof kMark - 1) != nullptr;
}

size_t Capture::keep(const char* bytes, size_t size) {
  const size_t kept = std::min(size, kLength - length_);
  std::memcpy(text_ + length_, bytes, kept);
  length_ += kept;
  return kept;
}

}  // namespace mien::npu
