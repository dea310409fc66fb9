import { randomBytes } from 'node:crypto';
import type { Plugin } from 'vite';

/**
 * The page may load its own files only, and compile WebAssembly for SQLite. The chart library and the stylesheet use
 * `data:` images. Inline scripts and styles are refused.
 */
const POLICY: Readonly<Record<string, string>> = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'style-src': "'self'",
  'img-src': "'self' data:",
  'font-src': "'self'",
  'connect-src': "'self'",
  'worker-src': "'self'",
  'manifest-src': "'self'",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'",
};

/** Refuses strings as HTML or code. The default policy (`src/trusted-types.ts`) allows workers of this origin. */
const TRUSTED_TYPES: Readonly<Record<string, string>> = {
  'require-trusted-types-for': "'script'",
  'trusted-types': 'default',
};

/**
 * What workers may connect to: a hub of the user's choice (`src/sync/hub.worker.ts`), with TLS or on this computer. The
 * `<meta>` of the document, which workers do not have, keeps the document itself at its own origin.
 */
const HUBS = "'self' https: http://127.0.0.1:* http://localhost:*";

/** Which page the policy is for. */
export interface SecurityPolicyOptions {
  /** True for a page that synchronises over hubs. */
  readonly reachesHubs: boolean;
}

/** Response headers, of the document and of workers. `frame-ancestors` works only in a header. */
const headersOf = ({ reachesHubs }: SecurityPolicyOptions): Readonly<Record<string, string>> => ({
  'Content-Security-Policy': text({
    ...POLICY,
    ...(reachesHubs && { 'connect-src': HUBS }),
    'frame-ancestors': "'none'",
  }),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
});

function text(policy: Readonly<Record<string, string>>): string {
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
}

/**
 * Writes the policy into the built page, for hosts that send no headers, and into `_headers`, which some static hosts
 * read.
 */
export function contentSecurityPolicy(options: SecurityPolicyOptions): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: text({ ...POLICY, ...TRUSTED_TYPES }) },
        injectTo: 'head-prepend',
      },
    ],
    generateBundle() {
      const lines = Object.entries(headersOf(options)).map(([name, value]) => `  ${name}: ${value}`);
      this.emitFile({ type: 'asset', fileName: '_headers', source: ['/*', ...lines, ''].join('\n') });
    },
  };
}

/**
 * Sends the same policy as a header in development, with the additions that Vite needs: a nonce for its inline script
 * and injected styles, and a WebSocket to its server. A preview sends the built page's headers.
 */
export function developmentSecurityPolicy(options: SecurityPolicyOptions): Plugin {
  const nonce = randomBytes(16).toString('base64');
  const policy = text({
    ...POLICY,
    'script-src': `${POLICY['script-src']} 'nonce-${nonce}'`,
    'style-src': `${POLICY['style-src']} 'nonce-${nonce}'`,
    'connect-src': `${options.reachesHubs ? HUBS : "'self'"} ws:`,
    'frame-ancestors': "'none'",
  });
  return {
    name: 'development-security-policy',
    apply: 'serve',
    config: (_, { isPreview }) => (isPreview === true ? {} : { html: { cspNonce: nonce } }),
    configureServer(server) {
      server.middlewares.use((_request, response, next) => {
        response.setHeader('Content-Security-Policy', policy);
        next();
      });
    },
    configurePreviewServer(server) {
      server.middlewares.use((_request, response, next) => {
        for (const [name, value] of Object.entries(headersOf(options))) response.setHeader(name, value);
        next();
      });
    },
  };
}
