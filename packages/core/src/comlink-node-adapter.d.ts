declare module 'comlink/dist/esm/node-adapter.mjs' {
  import type { Endpoint } from 'comlink';
  import type { NodeEndpoint } from 'comlink/dist/esm/node-adapter.js';
  export type { NodeEndpoint };
  export default function nodeEndpoint(port: unknown): Endpoint;
}
