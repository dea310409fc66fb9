/** Does nothing: Node reports the end of a worker thread by an event. */
export async function holdLivenessLock(_lockName: string): Promise<void> {}
