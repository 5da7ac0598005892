export function removeOrphans(workspace: string, kept?: readonly string[], sources?: string): string[];
