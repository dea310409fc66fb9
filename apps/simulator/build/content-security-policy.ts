import { randomBytes } from 'node:crypto';
import type { Plugin } from 'vite';

/**
 * What the page may load and run: its own files, and WebAssembly, which is SQLite. `data:` images are the chart
 * library's and the stylesheet's; nothing inline runs or styles.
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

/** Text never becomes HTML or code; the one policy (`src/trusted-types.ts`) lets workers of this origin start. */
const TRUSTED_TYPES: Readonly<Record<string, string>> = {
  'require-trusted-types-for': "'script'",
  'trusted-types': 'default',
};

/** What only a header can say. The page itself is not framed; workers and their files keep to the same policy. */
const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': text({ ...POLICY, 'frame-ancestors': "'none'" }),
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

function text(policy: Readonly<Record<string, string>>): string {
  return Object.entries(policy)
    .map(([directive, sources]) => `${directive} ${sources}`)
    .join('; ');
}

/**
 * Writes the policy into the built page, so that it holds on hosting that sends no headers of its own, and into
 * `_headers`, which static hosts read that do.
 */
export function contentSecurityPolicy(): Plugin {
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
      const lines = Object.entries(HEADERS).map(([name, value]) => `  ${name}: ${value}`);
      this.emitFile({ type: 'asset', fileName: '_headers', source: ['/*', ...lines, ''].join('\n') });
    },
  };
}

/**
 * The same policy in development, as a header, with what Vite needs there: a nonce for its inline script and the styles
 * it puts in, and a socket to its own server.
 */
export function developmentSecurityPolicy(): Plugin {
  const nonce = randomBytes(16).toString('base64');
  const policy = text({
    ...POLICY,
    'script-src': `${POLICY['script-src']} 'nonce-${nonce}'`,
    'style-src': `${POLICY['style-src']} 'nonce-${nonce}'`,
    'connect-src': "'self' ws:",
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
        for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
        next();
      });
    },
  };
}
