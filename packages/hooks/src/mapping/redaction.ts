/** Removes obvious secrets. The rules for tokens are secretlint's; names of fields that hold secrets are ours. */
import { shortText, type HookEvent } from '../recording/hook-event.ts';

/** Longest text that is stored, in characters. */
const MAX_TEXT_CHARACTERS = 4 * 1024;

/** Names of fields whose values are secrets. */
const SECRET_KEY =
  /^(?:.*[_-])?(?:password|passwd|passphrase|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|credentials?|authorization|cookie)$/iu;

/** Secrets in texts that secretlint has no rule for: private keys, `Bearer …`, `PASSWORD=…`, `https://user:password@…`. */
const SECRET_TEXTS: readonly RegExp[] = [
  /(?<before>-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?=-----END|$)/gu,
  /(?<before>\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}/giu,
  /(?<before>\b\w*(?:password|passwd|secret|token|api_?key|access_?key)\w*["']?\s*[=:]\s*["']?)[^\s"'&,;]{4,}/giu,
  /(?<before>\b[a-z][\w+.-]{1,20}:\/\/[^\s/:@]{1,100}:)[^\s/@]{1,200}(?=@)/giu,
];

const REDACTED = '[redacted]';

/** Returns an event whose payload is without obvious secrets, its long texts cut. */
export async function redactedEvent(event: HookEvent): Promise<HookEvent> {
  return { ...event, isRedacted: true, payload: (await redacted(event.payload)) as HookEvent['payload'] };
}

/** Returns a value without obvious secrets, its long texts cut. */
async function redacted(value: unknown): Promise<unknown> {
  const texts: string[] = [];
  collectTexts(value, texts);
  const clean = await redactTexts(texts);
  let next = 0;
  return rebuild(value, () => clean[next++] ?? '');
}

function collectTexts(value: unknown, texts: string[]): void {
  if (typeof value === 'string') texts.push(value);
  else if (Array.isArray(value)) for (const item of value) collectTexts(item, texts);
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) collectTexts(inner, texts);
}

/** Replaces the texts of a value, in the order in which they were collected. */
function rebuild(value: unknown, nextText: () => string): unknown {
  if (typeof value === 'string') return shortText(nextText(), MAX_TEXT_CHARACTERS);
  if (Array.isArray(value)) return value.map((item) => rebuild(item, nextText));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const rebuilt = rebuild(inner, nextText);
      return [key, SECRET_KEY.test(key) && typeof inner === 'string' ? REDACTED : rebuilt];
    }),
  );
}

/** Separates texts that are looked through together. No token goes over it. */
const SEPARATOR = '\n\u{1F}\n';

async function redactTexts(texts: readonly string[]): Promise<string[]> {
  const bySyntax = texts.map((text) => {
    let clean = text.replaceAll(SEPARATOR, '\n');
    for (const pattern of SECRET_TEXTS) clean = clean.replace(pattern, `$<before>${REDACTED}`);
    return clean;
  });
  const content = bySyntax.join(SEPARATOR);
  const ranges = await secretRanges(content);
  let clean = content;
  for (const [begin, end] of ranges.toSorted(([left], [right]) => right - left))
    clean = clean.slice(0, begin) + REDACTED + clean.slice(end);
  return clean.split(SEPARATOR);
}

/** Finds tokens by secretlint's rules. */
async function secretRanges(content: string): Promise<(readonly [number, number])[]> {
  if (content === '') return [];
  const { lintSource } = await import('@secretlint/core');
  const { secretLintProfiler } = await import('@secretlint/profiler');
  // It keeps every mark, and looks through all of them at each: a server would get slower with every event.
  secretLintProfiler.mark = () => undefined;
  const { creator } = await import('@secretlint/secretlint-rule-preset-recommend');
  const { messages } = await lintSource({
    source: { content, filePath: 'event.json', ext: '.json', contentType: 'text' },
    options: {
      noPhysicFilePath: true,
      config: { rules: [{ id: '@secretlint/secretlint-rule-preset-recommend', rule: creator, options: {} }] },
    },
  });
  return messages.map(({ range }) => range);
}
