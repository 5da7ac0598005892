// Any plan, source and output: the argument checks refuse it, or the kernels run on it without touching memory that is not theirs.
#include <cmath>
#include <cstring>
#include <vector>

#include "../src/addon/arguments.h"
#include "../src/addon/kernels.h"
#include "chance.h"

using namespace mien;

// The checks' only two functions of N-API look at a value; the fuzzer has none.
extern "C" napi_status napi_is_typedarray(napi_env, napi_value, bool*) { return napi_generic_failure; }
extern "C" napi_status napi_get_typedarray_info(napi_env, napi_value, napi_typedarray_type*, size_t*, void**, napi_value*, size_t*) { return napi_generic_failure; }

namespace {

constexpr size_t kPlan = 25;

/// Mostly numbers that mean something, now and then any bits.
double number(Chance& input) {
  switch (input.byte() % 8) {
    case 0: return input.as<double>();
    case 1: return input.as<float>();
    case 2: return input.as<int16_t>() / 16.0;
    case 3: return 0;
    default: return input.byte() % 64;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Chance input(data, size);
  static Scratch scratch;
  double plan[kPlan];
  for (double& value : plan) value = number(input);
  // Valid choices, sizes and scales often enough that the kernels are reached.
  const uint8_t sane = input.byte();
  if (sane & 1) plan[2] = input.byte() % 6, plan[3] = input.byte() % 2, plan[12] = input.byte() % 2, plan[13] = input.byte() % 3, plan[14] = input.byte() % 2, plan[23] = input.byte() % 2, plan[24] = input.byte();
  if (sane & 2) plan[0] = 1 + input.byte(), plan[1] = 1 + input.byte(), plan[10] = 1 + input.byte() % 100, plan[11] = 1 + input.byte() % 100;
  if (sane & 4) for (int c = 0; c < 3; c++) plan[15 + c] = input.byte(), plan[18 + c] = 1 + input.byte();
  if (sane & 8) plan[21] = 1, plan[22] = 0;

  static const napi_typedarray_type kTypes[] = {napi_float32_array, napi_uint8_array, napi_int8_array};
  static const size_t kBytes[] = {4, 1, 1};
  const double area = plan[10] * plan[11] * 3;
  if (!(area >= 0 && area <= 200'000) || !(std::fabs(plan[0] * plan[1]) <= 400'000)) return 0;  // keeps a run short
  const int dtype = plan[13] >= 0 && plan[13] < 3 ? int(plan[13]) : 0;
  const size_t values = sane & 16 ? input.byte() : size_t(area);
  // Blocks of exactly that length: one byte too far is seen.
  std::vector<uint8_t> out(values * kBytes[dtype]);
  std::vector<uint8_t> source(sane & 32 ? size_t(input.as<uint16_t>()) : size_t(std::fabs(plan[0] * plan[1])) * 4 + 2048, 77);
  const View outView{kTypes[sane & 64 ? input.byte() % 3 : dtype], out.data(), values};
  if (outView.type == napi_float32_array && dtype != 0) return 0;  // a view's length is of its own type
  const View sourceView{napi_uint8_array, source.data(), source.size()};
  const View planView{napi_float64_array, plan, sane & 128 ? size_t(input.byte() % (kPlan + 1)) : kPlan};
  try {
    const WarpJob job = readWarp(sourceView, outView, planView);
    chooseKernels(input.byte() % 2 ? "" : "baseline")->warp(job, scratch);
    chooseKernels("")->measure(readTensor(outView, planView, "the tensor"), scratch);
  } catch (const Refusal& refusal) {
    if (refusal.text.empty()) __builtin_trap();
  }
  return 0;
}
