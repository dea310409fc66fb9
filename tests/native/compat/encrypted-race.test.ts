/** Core's processes and SQLCipher, all writing to one encrypted file at once. */
import { beforeAll, expect, it } from 'vitest';
import { type Child, watch } from './child-process.ts';
import {
  allEnds,
  emptyDatabase,
  expectAllWell,
  JOURNAL_MODES,
  nativeScript,
  newFile,
  type Others,
  racers,
  raceWriters,
  ROUNDS,
} from './core-racers.ts';
import { KEY } from './encrypted-databases.ts';
import { SQLCIPHER } from './sqlcipher/cipher-engine.ts';

const MAX_CONTROL_ROUNDS = 10;

beforeAll(() => SQLCIPHER.build());

const WITH_SQLCIPHER: Others = {
  key: KEY,
  ask: (file, query) => SQLCIPHER.run(file, KEY, `${query};`).join('\n'),
  write: (file, journalMode) => ['cipher1', 'cipher2'].map((name) => startWriter(file, name, journalMode)),
};

function startWriter(file: string, name: string, journalMode: string): Child {
  const script = `PRAGMA journal_mode=${journalMode};\n${nativeScript(name)}`;
  const child = watch(SQLCIPHER.startScript(file, KEY, script));
  const ended = child.ended.then((end) => ({
    ...end,
    acknowledged: end.acknowledged.filter((line) => line.startsWith(`${name}-`)),
  }));
  return { ...child, ended };
}

it.each(JOURNAL_MODES)(
  'two writers of ours and two of SQLCipher with journal_mode=%s: every acknowledged record is there, whole',
  async (journalMode) => {
    expect(await raceWriters(WITH_SQLCIPHER, journalMode, 'locked')).toBe(4 * ROUNDS);
  },
);

it('control: with our locks left out, the same race goes wrong', async () => {
  // A child that fails without a race would make every race go wrong.
  const file = newFile();
  await emptyDatabase(file, KEY);
  const alone = { role: 'writer', name: 'alone', times: ROUNDS };
  expectAllWell(await allEnds(await racers(file, [alone], 'unlocked', KEY)));
  for (let round = 1; round <= MAX_CONTROL_ROUNDS; round++) {
    try {
      expect(await raceWriters(WITH_SQLCIPHER, 'delete', 'unlocked')).toBe(4 * ROUNDS);
    } catch {
      return;
    }
  }
  expect.fail(`${MAX_CONTROL_ROUNDS} races without locks went well, so the race proves nothing`);
});
