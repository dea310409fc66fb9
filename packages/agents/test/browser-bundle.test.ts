import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { type Rolldown, build } from 'vite';
import { describe, expect, it } from 'vitest';
import { type InputFile, type ValidationOutcome, validate } from '../src/index.ts';

const ENTRY = fileURLToPath(new URL('../src/index.ts', import.meta.url));
const EXAMPLES = new URL('../../../examples/', import.meta.url);

/** Bundles the package with Vite for the browser, into one script. */
async function bundleForPage(): Promise<string> {
  const [bundle] = (await build({
    configFile: false,
    logLevel: 'silent',
    build: { write: false, minify: false, lib: { entry: ENTRY, formats: ['iife'], name: 'agents' } },
    define: { 'process.env.NODE_ENV': '"production"' },
  })) as Rolldown.RolldownOutput[];
  return bundle?.output[0].code ?? '';
}

/** Returns globals that every browser has beyond ECMAScript, and none of Node's. */
function pageGlobals(): Record<string, unknown> {
  const web = { TextEncoder, TextDecoder, URL, performance, crypto, AbortSignal, AbortController };
  const globals: Record<string, unknown> = { ...web, queueMicrotask, setTimeout, clearTimeout, console };
  return Object.assign(globals, { self: globals, window: globals });
}

describe('the browser bundle', () => {
  it('makes the same findings as in Node, byte for byte, without Node modules or globals', async () => {
    const code = await bundleForPage();
    // Vite puts this text in place of a module that only Node has.
    expect(code).not.toContain('externalized for browser');

    const context = createContext(pageGlobals());
    runInContext(code, context);
    const page = context as { agents: { validate: typeof validate } };
    const read = (name: string): InputFile => ({
      name,
      content: readFileSync(new URL(name, EXAMPLES), 'utf8'),
    });
    const spec = [read('water-network-violations.ttl'), read('water-sampling.ttl')];
    const inputs = { spec, shapes: [read('water-network.shapes.ttl')] };
    const inPage: ValidationOutcome = await page.agents.validate(inputs);
    const inNode = await validate(inputs);
    expect(inNode.findings.counts?.violations).toBe(19);
    expect(JSON.stringify(inPage.findings)).toBe(JSON.stringify(inNode.findings));
  });
});
