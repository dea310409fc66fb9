import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { tryRace, tryRaceWithoutLocks } from '../runtime-programs/race.mjs';
import { bun, deno, DENO_RIGHTS } from '../runtime-programs/runtimes.mjs';

const TRIED = 'one file written at once by its processes and `sqlite3`, and the same without locks';

async function tryFile(context, runtime) {
  const { check } = context;
  await check('every row of a race with sqlite3 is there', () => tryRace(context, runtime));
  await check('control: the race goes wrong without locks', () => tryRaceWithoutLocks(context, runtime));
}

/** A database must not be opened unlocked when Deno forbids the locks. */
async function tryWithoutRights({ project, run }) {
  const { command, file } = deno(project, ['--allow-read', '--allow-write']);
  const database = path.join(project, 'forbidden', 'data.db');
  await assert.rejects(
    run(command, file('racer.mjs', [database, 'a', '1', 'locked']), { cwd: project }),
    /LOCKS_UNAVAILABLE .*--allow-ffi/,
  );
  assert(!existsSync(path.dirname(database)));
}

export default {
  area: 'Runtimes',
  sources: ['runtime-programs'],
  rows: [
    {
      what: 'Bun, shared file',
      version: 'bun',
      tried: TRIED,
      try: (context) => tryFile(context, bun(context.project)),
    },
    {
      what: 'Deno, shared file',
      version: 'deno',
      tried: TRIED,
      async try(context) {
        await tryFile(context, deno(context.project, DENO_RIGHTS));
        await context.check('refused without --allow-ffi', () => tryWithoutRights(context));
      },
    },
  ],
};
