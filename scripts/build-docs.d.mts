/** Folder of the pages, with a slash at its end. */
export const referenceFolder: string;
export function referencePages(): Promise<Record<string, string>>;
