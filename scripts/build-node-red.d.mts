/** Text of each file by its path in the package's dist. */
export function nodeRedFiles(): Promise<Record<string, string>>;
export function buildNodeRed(target?: string): Promise<Record<string, string>>;
