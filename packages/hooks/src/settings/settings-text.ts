/** Pure: the entries of our hooks in the text of a settings file. Everything else in it stays as it is written. */
import { applyEdits, findNodeAtLocation, modify, parse, parseTree, type ParseError } from 'jsonc-parser';

/**
 * Events that are recorded. Others are left out where a hook replaces what the agent does itself (WorktreeCreate), or fires
 * with every piece of text that is shown.
 */
export const HOOK_EVENTS: readonly string[] = [
  'SessionStart',
  'SessionEnd',
  'UserPromptSubmit',
  'PreToolUse',
  'PostToolUse',
  'PostToolUseFailure',
  'PermissionRequest',
  'PermissionDenied',
  'Notification',
  'SubagentStart',
  'SubagentStop',
  'Stop',
  'StopFailure',
  'PreCompact',
  'PostCompact',
  'TaskCreated',
  'TaskCompleted',
];

/** Time after which the agent gives a hook up, in seconds. */
const TIMEOUT_S = 10;

/** Commands that are ours, however they are called. */
const OUR_COMMAND = /(?:\bggen-sim\b|\bmain\.mjs\b).*\bhooks record\b/u;

interface Handler {
  readonly command?: unknown;
}
interface Group {
  readonly hooks?: unknown;
}

/** Adds our hooks to every event that has none of them, and sets the command of those that are there. */
export function installHooks(text: string, command: string): string {
  let changed = text.trim() === '' ? '{}\n' : text;
  for (const event of HOOK_EVENTS) {
    const places = ourHandlers(changed).filter((place) => place.event === event);
    const [first, ...others] = places;
    for (const { path } of others.toReversed()) changed = without(changed, path);
    if (first === undefined) {
      const group = { hooks: [{ type: 'command', command, timeout: TIMEOUT_S }] };
      const groups = groupsOf(changed, event).length;
      changed = edited(changed, ['hooks', event, groups], group, groups > 0);
    } else if (first.command !== command) {
      changed = edited(changed, [...first.path, 'command'], command);
    }
  }
  return changed;
}

/** Removes our hooks, and the groups and events that are empty without them. */
export function removeHooks(text: string): string {
  let changed = text;
  for (const { event, path } of ourHandlers(text).toReversed()) {
    changed = without(changed, path);
    const group = path.slice(0, 3);
    if (isEmpty(changed, [...group, 'hooks'])) changed = without(changed, group);
    for (const emptied of [['hooks', event], ['hooks']])
      if (isEmpty(changed, emptied)) changed = without(changed, emptied);
  }
  return changed;
}

/** Returns the events that have our hook, and its command. */
export function installedHooks(text: string): { readonly event: string; readonly command: string }[] {
  return ourHandlers(text).map(({ event, command }) => ({ event, command }));
}

type JsonPath = (string | number)[];

interface Place {
  readonly event: string;
  readonly command: string;
  readonly path: JsonPath;
}

function ourHandlers(text: string): Place[] {
  return Object.keys(hooksOf(text)).flatMap((event) =>
    groupsOf(text, event).flatMap((group, groupIndex) => {
      const { hooks: handlers } = group as Group;
      if (!Array.isArray(handlers)) return [];
      return handlers.flatMap((handler: Handler | null, index): Place[] =>
        typeof handler?.command === 'string' && OUR_COMMAND.test(handler.command)
          ? [{ event, command: handler.command, path: ['hooks', event, groupIndex, 'hooks', index] }]
          : [],
      );
    }),
  );
}

/** An error in a settings file, which stays as it is. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

function hooksOf(text: string): Record<string, unknown> {
  const settings = parsed(text);
  const { hooks = {} } = settings;
  if (typeof hooks !== 'object' || hooks === null || Array.isArray(hooks))
    throw new SettingsError('"hooks" is not an object');
  return hooks as Record<string, unknown>;
}

function groupsOf(text: string, event: string): unknown[] {
  const groups = hooksOf(text)[event] ?? [];
  if (!Array.isArray(groups)) throw new SettingsError(`"hooks.${event}" is not an array`);
  return groups.map((group: unknown) => group ?? {});
}

function parsed(text: string): Record<string, unknown> {
  const errors: ParseError[] = [];
  const value: unknown = parse(text.trim() === '' ? '{}' : text, errors, { allowTrailingComma: true });
  if (errors.length > 0) throw new SettingsError('it is not JSON');
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SettingsError('it is not a JSON object');
  return value as Record<string, unknown>;
}

function isEmpty(text: string, path: JsonPath): boolean {
  let value: unknown = parsed(text);
  for (const name of path) value = (value as Record<string | number, unknown> | undefined)?.[name];
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** Changes one value. Only what is inserted is formatted: the parser's own formatting would rewrite the entries beside it. */
function edited(text: string, path: JsonPath, value: unknown, isInsertion = false): string {
  const edits = modify(text, path, value, { isArrayInsertion: isInsertion });
  for (const edit of edits) if (edit.length === 0) edit.content = formatted(text, path, edit.content);
  return applyEdits(text, edits);
}

/** Removes a value with its comma. The parser's own removal of a last item leaves the line end after it out of place. */
function without(text: string, path: JsonPath): string {
  const root = parseTree(text, [], { allowTrailingComma: true });
  const value = root && findNodeAtLocation(root, path);
  const node = value?.parent?.type === 'property' ? value.parent : value;
  const siblings = node?.parent?.children ?? [];
  const at = node === undefined ? -1 : siblings.indexOf(node);
  if (node === undefined || at < 0) return text;
  const [before, after] = [siblings[at - 1], siblings[at + 1]];
  const begin = before === undefined ? node.offset : before.offset + before.length;
  const end = before === undefined && after !== undefined ? after.offset : node.offset + node.length;
  return text.slice(0, begin) + text.slice(end);
}

/** Puts what is inserted on lines of its own, indented as the text is. */
function formatted(text: string, path: JsonPath, content: string): string {
  const { indent, lineEnd } = layoutOf(text);
  const level = existingLevels(text, path) + 1;
  const comma = content.startsWith(',') ? ',' : '';
  const inserted = content.slice(comma.length);
  const isMember = inserted.startsWith('"');
  const pretty = JSON.stringify(JSON.parse(isMember ? `{${inserted}}` : inserted), undefined, indent).split(
    '\n',
  );
  // A member stands inside the braces that were added to parse it.
  const lines = isMember ? pretty.slice(1, -1).map((line) => line.slice(indent.length)) : pretty;
  const begin = `${lineEnd}${indent.repeat(level)}`;
  const closing = comma === '' ? `${lineEnd}${indent.repeat(level - 1)}` : '';
  return `${comma}${begin}${lines.join(begin)}${closing}`;
}

/** Counts how many values of a path there are. */
function existingLevels(text: string, path: JsonPath): number {
  let value: unknown = parsed(text);
  let levels = 0;
  for (const name of path) {
    value = (value as Record<string | number, unknown>)[name];
    if (value === undefined) return levels;
    levels++;
  }
  return levels;
}

/** Finds the indentation and the line ends that a text has. */
function layoutOf(text: string): { readonly indent: string; readonly lineEnd: string } {
  const indent = /\n(?<indent>[ \t]+)\S/u.exec(text)?.groups?.['indent'] ?? '  ';
  return { indent, lineEnd: text.includes('\r\n') ? '\r\n' : '\n' };
}
