#pragma once

namespace mien {

/// Sends one datagram to a service manager's socket: a path, or '@' and a name in the abstract namespace. Waits at most 100 ms.
/// Returns nullptr, or what went wrong as static text or errno's.
const char* notify(const char* address, const char* message);

}  // namespace mien
