export function hashInputs(root: string, paths: readonly string[], words?: readonly string[]): string;
export function isFresh(root: string, step: string, hash: string, outputs: readonly string[]): boolean;
export function writeStamp(root: string, step: string, hash: string): void;
