export function isNewEnough(version: string, minimum?: readonly [number, number]): boolean;
export function fetchNode(folder: string, version: string): string;
export function ensureNode(root: string): string;
