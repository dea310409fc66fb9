import type { SocketLike } from '../protocol/message-connection.ts';

/** Starts to connect. */
export async function openSocket(url: string, protocols: string[]): Promise<SocketLike> {
  return new WebSocket(url, protocols);
}
