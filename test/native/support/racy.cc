// Two threads write one number: what the thread sanitizer must see, or its silence about the addon means nothing.
#include <pthread.h>

#define STUB extern "C" __attribute__((visibility("default")))

namespace {

int shared = 0;

void* add(void*) {
  for (int i = 0; i < 1000; i++) shared++;
  return nullptr;
}

}  // namespace

STUB int mien_sim_configure(const char*) {
  pthread_t threads[2];
  for (pthread_t& thread : threads) pthread_create(&thread, nullptr, add, nullptr);
  for (pthread_t& thread : threads) pthread_join(thread, nullptr);
  return 0;
}

STUB int rknn_init() { return -1; }
STUB int rknn_destroy() { return -1; }
STUB int rknn_query() { return -1; }
STUB int rknn_inputs_set() { return -1; }
STUB int rknn_run() { return -1; }
STUB int rknn_outputs_get() { return -1; }
STUB int rknn_outputs_release() { return -1; }
