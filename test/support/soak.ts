/** `npm run test:soak` repeats a hundred times what `npm test` does once. */
export const isSoak = Boolean(process.env['MIEN_SOAK']);

export function times(count: number): number {
  return isSoak ? count * 100 : count;
}
