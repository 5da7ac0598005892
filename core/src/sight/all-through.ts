/** The results in order, once every promise has settled: what they borrow is free then. Rejects with the first that rejected. */
export async function allThrough<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  if (promises.length === 1) return [await (promises[0] as Promise<T>)];
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}
