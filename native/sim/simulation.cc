// What a real runtime does not have: settings, the report, the last line.
#include <cstdio>

#include "exports.h"

namespace mien::sim {

/// Real libraries hold their version as such a text; whoever looks for it finds whose this one is.
extern "C" __attribute__((used, visibility("default"))) const char mien_sim_version[] = "librknnrt version: 2.3.2 (simulated by mien)";

/// Takes the settings (README.md) in place of all before; contexts, memories and the cores' clocks stay. Anything but 0: refused, with a line on stderr.
MIEN_EXPORT int mien_sim_configure(const char* json) {
  return guarded("mien_sim_configure", [&] {
    World::get().configure(json && *json ? json : "{}");
    return 0;
  });
}

/// What lives now and was done wrong so far, as JSON. The text is the calling thread's until it asks again.
MIEN_EXPORT const char* mien_sim_report() {
  thread_local std::string text;
  text = World::get().report();
  return text.c_str();
}

namespace {

__attribute__((destructor)) void sayFarewell() {
  const std::string line = World::get().farewell();
  if (!line.empty()) std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace
}  // namespace mien::sim
