export async function bench(_options: { json?: boolean; frames: number }): Promise<void> {}
