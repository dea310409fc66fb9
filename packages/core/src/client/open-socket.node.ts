import type { SocketLike } from '../protocol/message-connection.ts';

/** Starts to connect. Node 20 has no WebSocket of its own. */
export async function openSocket(url: string, protocols: string[]): Promise<SocketLike> {
  const { WebSocket } = await import('ws');
  return new WebSocket(url, protocols, { maxPayload: 0, perMessageDeflate: false });
}
