// A stand-in for the rknpu DRM device, for tests only: LD_PRELOAD it under the vendor's real runtime. It answers the driver's ioctls well enough
// for init, query, mask, run and duplication to return as on a board, and computes nothing: outputs are meaningless. Never shipped.
//
// MIEN_STANDIN_LOG     file that gets a line per open, submit, memory and destroy
// MIEN_STANDIN_FAULT   absent | denied | submit | submit-core-0 | -1 | -2; several by comma
// MIEN_STANDIN_MEMORY  bytes that the device has; without it as many as are asked for
// MIEN_STANDIN_CHIP    the device tree's last name; rk3588 by default
// MIEN_STANDIN_ROOT    access(2) takes paths below it for those below /: for a preflight that looks at a made-up machine
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CARD "/dev/dri/card0"
#define MAX_FDS 1024
#define MAX_BUFFERS 4096

struct action { uint32_t flags, value; };
struct range { uint32_t start, number; };
struct submit {
  uint32_t flags, timeout, task_start, task_number, task_counter;
  int32_t priority;
  uint64_t task_object, regcfg_object, base_address;
  int64_t hw_elapse_time;
  uint32_t core_mask;
  int32_t fence_fd;
  struct range cores[5];
};
struct create { uint32_t handle, flags; uint64_t size, object, dma, sram; int32_t domain; uint32_t reserved; };
struct map { uint32_t handle, reserved; uint64_t offset; };
struct destroy { uint32_t handle, reserved; uint64_t object; };
struct prime { uint32_t handle, flags; int32_t fd; };
struct version { int32_t major, minor, patch; size_t name_length; char *name; size_t date_length; char *date; size_t text_length; char *text; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char is_card[MAX_FDS];
static struct { int memory; uint64_t size; } buffers[MAX_BUFFERS];
static uint32_t next_handle = 1;
static uint64_t total_memory = 0;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void note(const char *format, ...) {
  const char *path = getenv("MIEN_STANDIN_LOG");
  if (!path) return;
  char line[512];
  va_list rest;
  va_start(rest, format);
  int length = vsnprintf(line, sizeof line, format, rest);
  va_end(rest);
  int fd = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return;
  if (write(fd, line, (size_t)length) < 0) perror("rknpu stand-in");
  REAL(close)(fd);
}

static int has_fault(const char *name) {
  const char *faults = getenv("MIEN_STANDIN_FAULT");
  size_t length = strlen(name);
  while (faults && *faults) {
    size_t span = strcspn(faults, ",");
    if (span == length && strncmp(faults, name, length) == 0) return 1;
    faults += span + (faults[span] == ',');
  }
  return 0;
}

static int memory_file(const char *name, const void *content, size_t size) {
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return -1;
  if (size && write(fd, content, size) != (ssize_t)size) return -1;
  lseek(fd, 0, SEEK_SET);
  return fd;
}

/** The paths that the runtime may look at: 1 and the result in *fd, or 0 for every other path. As root the runtime would make nodes: never on this machine. */
static int opened(const char *path, int *fd) {
  if (!path) return 0;
  if (strcmp(path, "/dev/rknpu") == 0) return errno = ENOENT, *fd = -1, 1;
  if (strncmp(path, "/dev/dri/", 9) == 0) {
    if (strcmp(path, CARD) != 0 || has_fault("absent")) return errno = ENOENT, *fd = -1, 1;
    if (has_fault("denied")) return errno = EACCES, *fd = -1, 1;
    *fd = memory_file("rknpu-standin", NULL, 0);
    if (*fd >= 0 && *fd < MAX_FDS) is_card[*fd] = 1;
    note("open %s\n", path);
    return 1;
  }
  if (strncmp(path, "/proc/device-tree/compatible", 28) == 0 || strncmp(path, "/sys/firmware/devicetree/base/compatible", 40) == 0) {
    char names[128] = "mien,rknpu-standin";
    size_t first = strlen(names) + 1;
    const char *chip = getenv("MIEN_STANDIN_CHIP");
    int second = snprintf(names + first, sizeof names - first, "rockchip,%s", chip ? chip : "rk3588");
    *fd = memory_file("compatible", names, first + (size_t)second + 1);
    return 1;
  }
  return 0;
}

#define OPEN(name)                                                                  \
  int name(const char *path, int flags, ...) {                                      \
    int fd;                                                                         \
    if (opened(path, &fd)) return fd;                                               \
    va_list rest;                                                                   \
    va_start(rest, flags);                                                          \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;       \
    va_end(rest);                                                                   \
    return REAL(name)(path, flags, mode);                                           \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                \
  int name(int folder, const char *path, int flags, ...) {                          \
    int fd;                                                                         \
    if (opened(path, &fd)) return fd;                                               \
    va_list rest;                                                                   \
    va_start(rest, flags);                                                          \
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;       \
    va_end(rest);                                                                   \
    return REAL(name)(folder, path, flags, mode);                                   \
  }
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                                 \
  FILE *name(const char *path, const char *mode) {                                  \
    int fd;                                                                         \
    if (!opened(path, &fd)) return REAL(name)(path, mode);                          \
    return fd < 0 ? NULL : fdopen(fd, mode);                                        \
  }
FOPEN(fopen)
FOPEN(fopen64)

static int is_ours(const char *path) { return path && (strncmp(path, "/dev/dri", 8) == 0 || strcmp(path, "/dev/rknpu") == 0); }

int access(const char *path, int mode) {
  const char *root = getenv("MIEN_STANDIN_ROOT");
  if (root && *root && strncmp(path, root, strlen(root)) == 0 && is_ours(path + strlen(root))) path += strlen(root);
  if (!is_ours(path)) return REAL(access)(path, mode);
  if (strcmp(path, CARD) == 0 && !has_fault("absent")) return has_fault("denied") && mode != F_OK ? (errno = EACCES, -1) : 0;
  return errno = ENOENT, -1;
}
int mkdir(const char *path, mode_t mode) { return is_ours(path) ? (errno = EPERM, -1) : REAL(mkdir)(path, mode); }
int mknod(const char *path, mode_t mode, dev_t device) { return is_ours(path) ? (errno = EPERM, -1) : REAL(mknod)(path, mode, device); }
int unlink(const char *path) { return is_ours(path) ? (errno = EPERM, -1) : REAL(unlink)(path); }
int remove(const char *path) { return is_ours(path) ? (errno = EPERM, -1) : REAL(remove)(path); }
int chmod(const char *path, mode_t mode) { return is_ours(path) ? (errno = EPERM, -1) : REAL(chmod)(path, mode); }
int chown(const char *path, uid_t user, gid_t group) { return is_ours(path) ? (errno = EPERM, -1) : REAL(chown)(path, user, group); }

int close(int fd) {
  if (fd >= 0 && fd < MAX_FDS && is_card[fd]) {
    is_card[fd] = 0;
    note("close\n");
  }
  return REAL(close)(fd);
}

static void *mapped(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
  if (fd >= 0 && fd < MAX_FDS && is_card[fd]) {
    uint64_t handle = (uint64_t)offset >> 32;
    if (handle == 0 || handle >= MAX_BUFFERS || buffers[handle].memory <= 0) return errno = EINVAL, MAP_FAILED;
    return REAL(mmap64)(address, length, protection, flags, buffers[handle].memory, 0);
  }
  return REAL(mmap64)(address, length, protection, flags, fd, offset);
}
void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) { return mapped(address, length, protection, flags, fd, offset); }
void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) { return mapped(address, length, protection, flags, fd, offset); }

static int refuse(int why) { return errno = why, -1; }

static int on_action(struct action *asked) {
  switch (asked->flags) {
    case 0: asked->value = 1179210309u; return 0;
    case 1: asked->value = 908; return 0;
    case 2: asked->value = 1000000000u; return 0;
    case 4: asked->value = 800000; return 0;
    case 18: asked->value = 1; return 0;
    default:
      note("action %u %u\n", asked->flags, asked->value);
      asked->value = 0;
      return 0;
  }
}

static int on_submit(struct submit *job) {
  char core[32];
  snprintf(core, sizeof core, "submit-core-%d", job->core_mask == 4 ? 2 : (int)job->core_mask - 1);
  int fails = has_fault("submit") || (job->core_mask && has_fault(core));
  note("submit core_mask=%u tasks=%u priority=%d timeout=%u%s\n", job->core_mask, job->task_number, job->priority, job->timeout, fails ? " refused" : "");
  if (fails) return refuse(EINVAL);
  job->task_counter = job->task_number;
  job->hw_elapse_time = 1000000;
  return 0;
}

static int on_create(struct create *asked) {
  const char *limit = getenv("MIEN_STANDIN_MEMORY");
  if (limit && *limit && total_memory + asked->size > strtoull(limit, NULL, 10)) {
    note("refused %llu\n", (unsigned long long)asked->size);
    return refuse(ENOMEM);
  }
  if (next_handle >= MAX_BUFFERS) return refuse(ENOSPC);
  int memory = memfd_create("rknpu-standin-memory", MFD_CLOEXEC);
  if (memory < 0 || ftruncate(memory, (off_t)((asked->size + 4095) & ~4095ull)) != 0) return -1;
  asked->handle = next_handle++;
  buffers[asked->handle].memory = memory;
  buffers[asked->handle].size = asked->size;
  total_memory += asked->size;
  asked->object = 0xffffff8000000000ull + ((uint64_t)asked->handle << 12);
  asked->dma = 0x10000000ull + ((uint64_t)asked->handle << 24);
  asked->sram = 0;
  note("memory %u %llu\n", asked->handle, (unsigned long long)asked->size);
  return 0;
}

static int free_buffer(uint32_t handle) {
  if (handle == 0 || handle >= MAX_BUFFERS || buffers[handle].memory <= 0) return 0;
  REAL(close)(buffers[handle].memory);
  buffers[handle].memory = 0;
  total_memory -= buffers[handle].size;
  note("free %u\n", handle);
  return 0;
}

static int on_version(struct version *asked) {
  static const char name[] = "rknpu", date[] = "20240828", text[] = "stand-in for the RKNPU driver (mien tests)";
#define FILL(field, length, value)                                                     \
  if (asked->field && asked->length) memcpy(asked->field, value, asked->length < sizeof value - 1 ? asked->length : sizeof value - 1); \
  asked->length = sizeof value - 1
  asked->major = 0, asked->minor = 9, asked->patch = 8;
  FILL(name, name_length, name);
  FILL(date, date_length, date);
  FILL(text, text_length, text);
  return 0;
}

static int on_prime_out(struct prime *asked) {
  if (asked->handle == 0 || asked->handle >= MAX_BUFFERS || buffers[asked->handle].memory <= 0) return refuse(ENOENT);
  asked->fd = fcntl(buffers[asked->handle].memory, F_DUPFD_CLOEXEC, 3);
  return asked->fd < 0 ? -1 : 0;
}

static int answer(unsigned nr, void *argument) {
  switch (nr) {
    case 0x00: return on_version(argument);
    case 0x09: return free_buffer(*(uint32_t *)argument);
    case 0x2d: return on_prime_out(argument);
    case 0x40: return on_action(argument);
    case 0x41: return on_submit(argument);
    case 0x42: return on_create(argument);
    case 0x43: {
      struct map *asked = argument;
      asked->offset = (uint64_t)asked->handle << 32;
      return 0;
    }
    case 0x44: return free_buffer(((struct destroy *)argument)->handle);
    case 0x45: return 0;
    default:
      note("unknown ioctl %u\n", nr);
      return refuse(EINVAL);
  }
}

int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  if (fd < 0 || fd >= MAX_FDS || !is_card[fd]) return REAL(ioctl)(fd, request, argument);
  pthread_mutex_lock(&lock);
  int result = answer(_IOC_NR(request), argument);
  int why = errno;
  pthread_mutex_unlock(&lock);
  return errno = why, result;
}
