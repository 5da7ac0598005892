#include "notify.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace mien {

const char* notify(const char* address, const char* message) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const size_t length = std::strlen(address);
  if (address[0] != '/' && address[0] != '@') return "NOTIFY_SOCKET must begin with '/' or '@'";
  if (length < 2 || length >= sizeof to.sun_path) return "NOTIFY_SOCKET is too short or too long for a Unix socket";
  std::memcpy(to.sun_path, address, length);
  if (address[0] == '@') to.sun_path[0] = '\0';
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::strerror(errno);
  const timeval patience{0, 100000};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  // A path keeps its final zero; an abstract name is exactly its bytes.
  const socklen_t size = socklen_t(offsetof(sockaddr_un, sun_path) + length + (address[0] == '/' ? 1 : 0));
  ssize_t sent;
  int tries = 0;
  do {  // a signal (a child that stops or ends) interrupts the wait
    sent = sendto(fd, message, std::strlen(message), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&to), size);
  } while (sent < 0 && errno == EINTR && ++tries < 10);
  const char* fault = sent < 0 ? std::strerror(errno) : nullptr;
  close(fd);
  return fault;
}

}  // namespace mien
