/** A connection that carries messages of bytes in order, each whole. */
export interface MessageConnection {
  /** Sends a message, or does nothing once the connection has ended. */
  send(message: Uint8Array): void;
  /** Bytes that were sent and have not left this program. */
  readonly waitingBytes: number;
  /** Ends the connection with a code of RFC 6455, section 7.4. */
  close(code: number, reason: string): void;
  onMessage(listener: (message: Uint8Array) => void): void;
  /** Calls the listener once, when either end has ended the connection or it was lost. */
  onClose(listener: (code: number, reason: string) => void): void;
}

/** A WebSocket of a browser or of `ws`, as far as it is used here. */
export interface SocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- browsers and `ws` declare other types of bytes
  send(message: any): void;
  close(code?: number, reason?: string): void;
  /** Ends the connection without the other end. A browser's WebSocket has no such method. */
  terminate?(): void;
  // oxlint-disable-next-line typescript/no-explicit-any -- an event, whose type is the platform's
  addEventListener(type: any, listener: any): void;
}

/** `WebSocket.OPEN` */
const OPEN = 1;

/** Protocol name that a client offers and a server selects (RFC 6455, section 1.9). */
export const SUBPROTOCOL = 'ggen-sim.1';

/**
 * Makes the second protocol name that a client offers, which is its token: a page can set no header of a WebSocket. It is in
 * hexadecimal digits, because a protocol name has not every character (RFC 6455, section 4.1).
 */
export function tokenProtocol(token: string): string {
  const digits = Array.from(new TextEncoder().encode(token), (byte) => byte.toString(16).padStart(2, '0'));
  return `ggen-sim.token.${digits.join('')}`;
}

/** Why a server ended a connection (4000 to 4999 are an application's own). */
export const CLOSE_CODES = {
  goingAway: 1001,
  /** A message broke the protocol. A page may not give 1002, which means the same. */
  protocolError: 4400,
  /** A limit was exceeded. */
  policyViolation: 1008,
  tooLarge: 1009,
  /** The server has too many connections. */
  tryAgainLater: 1013,
  unauthorized: 4401,
} as const;

/** Messages over a WebSocket, which must be open. */
export function socketConnection(socket: SocketLike): MessageConnection {
  socket.binaryType = 'arraybuffer';
  // `ws` throws where no listener is; the event of a close follows in any case.
  socket.addEventListener('error', () => undefined);
  return {
    send(message) {
      if (socket.readyState === OPEN) socket.send(message);
    },
    get waitingBytes() {
      return socket.bufferedAmount;
    },
    close: (code, reason) => socket.close(code, reason),
    onMessage(listener) {
      socket.addEventListener('message', ({ data }: { readonly data: unknown }) => {
        // A text breaks the protocol; an empty message is refused like one.
        listener(data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0));
      });
    },
    onClose(listener) {
      socket.addEventListener(
        'close',
        ({ code, reason }: { readonly code: number; readonly reason: string }) => listener(code, reason),
      );
    },
  };
}
