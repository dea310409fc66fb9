/** Sessions and texts that two tabs changed: nothing that either wrote is missing. */
import { expect, it } from 'vitest';
import { changesBetween } from '../src/editor/text-changes.ts';
import { isSameSession, mergeSessions } from '../src/session/merge-session.ts';
import { mergeText } from '../src/session/merge-text.ts';
import {
  newSession,
  type SessionDocument,
  withContent,
  withDocument,
  withDocuments,
  withoutDocument,
} from '../src/session/session.ts';

it.each([
  ['nobody', 'a\nb', 'a\nb', 'a\nb', 'a\nb', []],
  ['this tab', 'a\nb', 'a\nB', 'a\nb', 'a\nB', []],
  ['the other tab', 'a\nb', 'a\nb', 'A\nb', 'A\nb', []],
  ['both the same', 'a\nb', 'a\nB', 'a\nB', 'a\nB', []],
  ['far lines', 'a\nb\nc\nd\n', 'A\nb\nc\nd\n', 'a\nb\nc\nD\n', 'A\nb\nc\nD\n', []],
  ['neighbouring lines', 'a\nb\n', 'A\nb\n', 'a\nB\n', 'A\nB\n', []],
  ['both at the end', 'a\n', 'a\nmine', 'a\ntheirs', 'a\nmine\ntheirs', []],
  ['both in an empty text', '', 'mine', 'theirs', 'mine\ntheirs', []],
  ['one line', 'a\nb\nc', 'a\nmine\nc', 'a\ntheirs\nc', 'a\nmine\ntheirs\nc', [2]],
  ['one line, more in one tab', 'a\nb\nc', 'a\nx\nmine\nc', 'a\nx\nc', 'a\nx\nmine\nc', [3]],
  ['a line that the other removed', 'a\nb\nc', 'a\nc', 'a\nB\nc', 'a\nB\nc', [2]],
  ['a file with other line ends', 'a\r\nb\r\nc', 'A\nb\nc', 'a\nb\nC', 'A\nb\nC', []],
])('merges a text that was changed by %s', (_who, base, mine, theirs, text, conflicts) => {
  expect(mergeText(base, mine, theirs)).toEqual({ text, conflicts });
});

it('every line that either tab added is in the merged text, for any two edits', () => {
  // Lines that occur once only, so that each can be looked for.
  const base = Array.from({ length: 40 }, (_, index) => `line ${index}`);
  for (let seed = 1; seed <= 200; seed += 1) {
    const edit = (who: string, step: number): string[] => {
      const lines = [...base];
      for (let change = 0; change < 4; change += 1) {
        const at = (seed * step * (change + 3) + change * 7) % lines.length;
        lines.splice(at, (seed + change) % 3, `${who} ${change}`);
      }
      return lines;
    };
    const [mine, theirs] = [edit('mine', 11), edit('theirs', 17)];
    const { text } = mergeText(base.join('\n'), mine.join('\n'), theirs.join('\n'));
    const merged = text.split('\n');
    const added = [...mine, ...theirs].filter((line) => !base.includes(line));
    // A line that either added or that neither removed is there, once.
    const kept = base.filter((line) => mine.includes(line) && theirs.includes(line));
    for (const line of [...added, ...kept])
      expect(
        merged.filter((found) => found === line),
        `seed ${seed}, ${line}`,
      ).toHaveLength(1);
  }
});

it('merges texts that are too long to compare: all that both wrote is there', () => {
  // Every fourth line is blank, as in a document of many paragraphs.
  const long = Array.from({ length: 4000 }, (_, index) => (index % 4 === 3 ? '' : `line ${index}`));
  const withLines = (changes: Readonly<Record<number, string>>): string => {
    const lines = [...long];
    for (const [index, line] of Object.entries(changes)) lines[Number(index)] = line;
    return lines.join('\n');
  };
  const base = long.join('\n');
  const far = { text: withLines({ 1: 'mine', 3990: 'theirs' }), conflicts: [] };
  expect(mergeText(base, withLines({ 1: 'mine' }), withLines({ 3990: 'theirs' }))).toEqual(far);
  expect(mergeText(base, withLines({ 3990: 'theirs' }), withLines({ 1: 'mine' }))).toEqual(far);
  expect(mergeText(base, withLines({ 1: 'mine', 3990: 'mine' }), withLines({ 2: 'theirs' }))).toEqual({
    text: withLines({ 1: 'mine', 2: 'theirs', 3990: 'mine' }),
    conflicts: [],
  });
  const { text, conflicts } = mergeText(
    base,
    withLines({ 1: 'mine\nmine', 3990: 'mine' }),
    withLines({ 2: 'theirs' }),
  );
  expect(text.match(/mine/g)).toHaveLength(3);
  expect(text.match(/theirs/g)).toHaveLength(1);
  expect(conflicts).toEqual([2]);

  // Each changes far more lines than a call takes arguments.
  const many = (name: string): string =>
    Array.from({ length: 150_000 }, (_, index) => `${name} ${index}`).join('\n');
  const both = mergeText('a\nb\nc', `a\n${many('mine')}\nc`, `${many('theirs')}\nb\nc`);
  expect(both.text.match(/mine/g)).toHaveLength(150_000);
  expect(both.text.match(/theirs/g)).toHaveLength(150_000);
  expect(mergeText('a\nb\nc', `a\nb\n${many('mine')}`, 'A\nb\nc').text).toBe(`A\nb\n${many('mine')}`);

  const changed = withLines({ 1: 'mine', 3990: 'theirs' });
  expect(changesBetween(base, changed)).toHaveLength(2);
  expect(changesBetween(base, withLines({ 2: 'theirs' }))).toEqual([
    { from: 14, to: 21, insert: 'theirs\n' },
  ]);
});

it('shows the lines of another tab without touching the others', () => {
  for (const [before, after] of [
    ['', 'a\nb'],
    ['a\nb\nc\n', 'a\nB\nc\nd'],
    ['a\nb\nc', 'c'],
    ['a\nb\n', 'a\nb'],
    ['a', ''],
  ] as const) {
    let text: string = before;
    const changes = changesBetween(before, after);
    for (const { from, to, insert } of changes.toReversed())
      text = text.slice(0, from) + insert + text.slice(to);
    expect(text).toBe(after);
  }
  expect(changesBetween('a\nb\nc\nd\n', 'A\nb\nc\nD\n')).toEqual([
    { from: 0, to: 2, insert: 'A\n' },
    { from: 6, to: 8, insert: 'D\n' },
  ]);
});

const spec = (name: string, content: string) => ({ name, content, role: 'spec' }) as const;
const namesOf = ({ documents }: { documents: readonly { name: string }[] }): string[] =>
  documents.map(({ name }) => name);

it('documents that each tab added are all there, under names of their own', () => {
  const base = newSession([spec('a.ttl', 'a')]);
  const mine = withDocuments(base, [spec('b.ttl', 'mine')]);
  const theirs = { ...withDocuments(base, [spec('b.ttl', 'theirs')]), agentId: 'validator-9' };
  const { session, conflicts } = mergeSessions(base, mine, theirs);
  expect(namesOf(session)).toEqual(['a.ttl', 'b.ttl', 'b-2.ttl']);
  expect(session.documents.map(({ content }) => content)).toEqual(['a', 'mine', 'theirs']);
  expect(session.agentId).toBe('validator-9');
  expect(conflicts).toEqual([]);
});

it('a document that one tab removed stays away, unless the other changed it', () => {
  const base = newSession([spec('a.ttl', 'a'), spec('b.ttl', 'b')]);
  const [first, second] = base.documents as readonly [SessionDocument, SessionDocument];
  const without = withoutDocument(base, first.id);
  expect(namesOf(mergeSessions(base, without, base).session)).toEqual(['b.ttl']);
  expect(namesOf(mergeSessions(base, base, without).session)).toEqual(['b.ttl']);
  const changed = withDocument(base, first.id, { content: 'changed' });
  for (const [mine, theirs] of [
    [without, changed],
    [changed, without],
  ] as const) {
    const { session, conflicts } = mergeSessions(base, mine, theirs);
    expect(namesOf(session).toSorted()).toEqual(['a.ttl', 'b.ttl']);
    expect(conflicts).toEqual([{ kind: 'removed', documentName: 'a.ttl' }]);
  }
  const renamed = withDocument(base, second.id, { name: 'c.ttl', role: 'shapes' });
  const { session } = mergeSessions(base, renamed, changed);
  expect(session.documents).toMatchObject([
    { name: 'a.ttl', content: 'changed' },
    { name: 'c.ttl', role: 'shapes' },
  ]);
});

it('lines that both tabs changed are kept from both, and named', () => {
  const base = newSession([spec('a.ttl', 'one\ntwo\nthree')]);
  const [{ id }] = base.documents as readonly [SessionDocument];
  const { session, conflicts } = mergeSessions(
    base,
    withDocument(base, id, { content: 'one\nmine\nthree' }),
    withDocument(base, id, { content: 'one\ntheirs\nthree', name: 'z.ttl' }),
  );
  expect(session.documents).toMatchObject([{ name: 'z.ttl', content: 'one\nmine\ntheirs\nthree' }]);
  expect(conflicts).toEqual([{ kind: 'lines', documentName: 'z.ttl', line: 2 }]);
});

it('an edit of a text that was merged meanwhile keeps the merged lines', () => {
  const base = newSession([spec('a.ttl', 'one\ntwo\nthree')]);
  const [{ id }] = base.documents as readonly [SessionDocument];
  const merged = withDocument(base, id, { content: 'one\ntwo\nTHREE' });
  const edited = withContent(merged, id, 'one\ntwo\nthree', 'ONE\ntwo\nthree');
  expect(edited.documents[0]?.content).toBe('ONE\ntwo\nTHREE');
  expect(withContent(merged, 'gone', '', 'text')).toBe(merged);
  expect(isSameSession(merged, edited)).toBe(false);
  expect(isSameSession(merged, structuredClone(merged))).toBe(true);
});
