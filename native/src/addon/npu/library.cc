#include "library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "capture.h"

namespace mien::npu {
namespace {

Fault unusable(const std::string& path, const std::string& why) {
  Fault fault;
  fault.code = "library-unusable";
  fault.message = "the NPU runtime " + path + " was found but cannot be used: " + why;
  return fault;
}

template <typename Fn>
bool resolve(void* handle, const char* symbol, Fn& into) {
  into = reinterpret_cast<Fn>(dlsym(handle, symbol));
  return into != nullptr;
}

/// The file that the loader chose, where it says so.
std::string chosenPath(void* handle, const std::string& asked) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) == 0 && map != nullptr && map->l_name != nullptr && *map->l_name != '\0') return map->l_name;
  return asked;
}

/// The runtime tells its version only of a loaded model, but its file holds it as text.
std::string versionInFile(const std::string& path) {
  static const char kMark[] = "librknnrt version: ";
  std::string version;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return version;
  struct stat about {};
  if (::fstat(fd, &about) == 0 && about.st_size > 0) {
    const size_t size = size_t(about.st_size);
    void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes != MAP_FAILED) {
      const char* end = static_cast<const char*>(bytes) + size;
      const char* at = static_cast<const char*>(memmem(bytes, size, kMark, sizeof kMark - 1));
      if (at != nullptr) {
        for (at += sizeof kMark - 1; at < end && *at >= ' ' && *at <= '~' && version.size() < 200; at++) version += *at;
      }
      ::munmap(bytes, size);
    }
  }
  ::close(fd);
  return version;
}

std::shared_ptr<const Library> load(const std::string& place, Fault& fault) {
  void* handle = dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    const char* why = dlerror();
    fault = unusable(place, why == nullptr ? "it does not load" : why);
    return nullptr;
  }
  auto library = std::make_shared<Library>();
  library->path = chosenPath(handle, place);
  std::string missing;
  const auto need = [&](const char* symbol, auto& into) {
    if (!resolve(handle, symbol, into)) missing += (missing.empty() ? "" : ", ") + std::string(symbol);
  };
  need("rknn_init", library->init);
  need("rknn_destroy", library->destroy);
  need("rknn_query", library->query);
  need("rknn_inputs_set", library->inputsSet);
  need("rknn_run", library->run);
  need("rknn_outputs_get", library->outputsGet);
  need("rknn_outputs_release", library->outputsRelease);
  if (!missing.empty()) {
    fault = unusable(library->path, "it does not export " + missing + "; is it a librknnrt for this kind of board?");
    return nullptr;
  }
  resolve(handle, "rknn_set_core_mask", library->setCoreMask);
  resolve(handle, "rknn_dup_context", library->dupContext);
  resolve(handle, "rknn_create_mem", library->createMem);
  resolve(handle, "rknn_destroy_mem", library->destroyMem);
  resolve(handle, "rknn_set_io_mem", library->setIoMem);
  resolve(handle, "rknn_mem_sync", library->memSync);
  library->simulated = resolve(handle, "mien_sim_configure", library->simConfigure);
  library->version = versionInFile(library->path);
  return library;
}

}  // namespace

std::shared_ptr<const Library> openLibrary(const std::vector<std::string>& places, Fault& fault) {
  installCapture();
  std::string looked;
  for (const std::string& place : places) {
    const bool path = place.find('/') != std::string::npos;
    if (path ? ::access(place.c_str(), F_OK) == 0 : true) {
      std::shared_ptr<const Library> library = load(place, fault);
      if (library != nullptr) return library;
      // A bare name is searched for; not to be found anywhere is no fault of a file.
      if (path || fault.message.find("cannot open shared object file") == std::string::npos) return nullptr;
    }
    looked += (looked.empty() ? "" : ", ") + place;
  }
  fault = Fault{};
  fault.code = "library-missing";
  fault.message = "no NPU runtime was found; looked for " + looked + ". Install librknnrt.so of the board's image, or name its path";
  return nullptr;
}

Fault configure(const Library& library, const std::string& json) {
  Fault fault;
  if (!library.simulated) {
    fault.code = "not-simulated";
    fault.message = "settings for a simulated NPU were given, but " + library.path + " is a real runtime: leave out the settings, or the library";
    return fault;
  }
  Capture capture;
  const int rc = library.simConfigure(json.c_str());
  if (rc == 0) return fault;
  fault = callFailed("mien_sim_configure", rc, capture.take());
  fault.code = "invalid-argument";
  return fault;
}

}  // namespace mien::npu
