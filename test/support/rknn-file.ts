/** A .rknn container with nothing to run in it: head, a main section of zeros, a description. */
export function rknnFile(
  options: {
    readonly format?: number;
    readonly mainBytes?: number;
    readonly description?: unknown;
    readonly targets?: readonly string[];
    readonly compiler?: string;
  } = {},
): Uint8Array {
  const { format = 6, mainBytes = 128, targets = ['rk3588'], compiler = '2.5.0' } = options;
  const tail = Buffer.from(JSON.stringify(options.description ?? { target_platform: targets, version: compiler }));
  const file = Buffer.alloc(64 + mainBytes + 8 + tail.length);
  file.write('RKNN');
  file.writeBigUInt64LE(BigInt(format), 8);
  file.writeBigUInt64LE(BigInt(mainBytes), 16);
  file.writeBigUInt64LE(BigInt(tail.length), 64 + mainBytes);
  tail.copy(file, 72 + mainBytes);
  return new Uint8Array(file);
}

/** Tensors as the compiler writes them down: input 2 x 4 pixels, a map of 3 channels of 1 x 2, a pair. */
export const smallNetwork = {
  name: 'small',
  target_platform: ['rk3588'],
  version: '2.5.0',
  norm_tensor: [
    { tensor_id: 0, url: 'input', size: [1, 3, 2, 4] },
    { tensor_id: 1, url: 'map', size: [1, 3, 1, 2] },
    { tensor_id: 2, url: 'pair', size: [1, 2] },
  ],
  graph: [
    { left: 'input', right_tensor_id: 0 },
    { left: 'output', right_tensor_id: 1 },
    { left: 'output', right_tensor_id: 2 },
  ],
};
