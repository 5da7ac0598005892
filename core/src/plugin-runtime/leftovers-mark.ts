/** Begins the line that leftovers.ts prints. */
export const LEFTOVERS_MARK = 'mien-active-resources ';
