// The whole pass, block by block: patches small enough for the cache, then sample, colour, normalise and store each row.

template <typename T>
void warpBlocks(const WarpJob& job, Scratch& scratch) {
  Grid grid[2];
  for (int p = 0; p < job.planes; p++) grid[p] = gridOf(job.plane[p], job.matrix);
  Taps taps;
  Lane channel[3] = {};
  const Tensor& out = job.out;
  for (int y = 0; y < out.height; y += kBlock) {
    const int height = out.height - y < kBlock ? out.height - y : kBlock;
    for (int x = 0; x < out.width; x += kBlock) {
      const int width = out.width - x < kBlock ? out.width - x : kBlock;
      const int lanes = (width + 15) & ~15;
      Patch patch[2];
      for (int p = 0; p < job.planes; p++) {
        patch[p] = readPatch(job.plane[p], grid[p], job.constantBorder, x, y, width, height, scratch, Scratch::patch0 + p);
      }
      for (int row = y; row < y + height; row++) {
        sampleRow(job.plane[0].channels, grid[0], patch[0], x, row, lanes, taps, channel);
        if (job.planes == 2) {
          sampleRow(2, grid[1], patch[1], x, row, lanes, taps, channel + 1);
          toRgb(job.colour, lanes, channel);
        } else if (job.plane[0].channels == 1) {
          std::memcpy(channel[1], channel[0], sizeof(Lane));
          std::memcpy(channel[2], channel[0], sizeof(Lane));
        }
        storeRow<T>(out, x, row, width, channel);
      }
    }
  }
}

void warp(const WarpJob& job, Scratch& scratch) {
  switch (job.out.dtype) {
    case Dtype::f32: return warpBlocks<float>(job, scratch);
    case Dtype::u8: return warpBlocks<uint8_t>(job, scratch);
    case Dtype::i8: return warpBlocks<int8_t>(job, scratch);
  }
}
