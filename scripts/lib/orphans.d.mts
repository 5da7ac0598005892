export function removeOrphans(workspace: string, kept?: readonly string[]): string[];
