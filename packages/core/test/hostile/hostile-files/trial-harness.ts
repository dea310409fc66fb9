/** Where a test file tries hostile files: a folder, the bundled child, and sound databases to compare with. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { Children } from '../../../../../tests/support/child-process.ts';
import { makeSoundDatabases } from './intact-databases.ts';
import { endTrials, type Job, type Outcome, tryJobs } from './trials.ts';

/** A place for the test file that asks for it. */
export class TrialPlace {
  readonly folder: string = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ggen-hostile-')));
  soundDatabases: readonly string[] = [];
  #children: Children | undefined;

  constructor() {
    beforeAll(async () => {
      this.#children = await Children.bundle([path.join(import.meta.dirname, 'try-jobs.ts')]);
      this.soundDatabases = await makeSoundDatabases(this.folder);
    });
    afterAll(() => {
      endTrials();
      this.#children?.remove();
      fs.rmSync(this.folder, { recursive: true, force: true });
    });
  }

  try(jobs: readonly Job[]): Promise<Outcome[]> {
    const script = this.#children?.script('try-jobs') ?? '';
    return tryJobs({ script, folder: this.folder, soundDatabases: this.soundDatabases }, jobs);
  }

  /** A copy of a sound database, in a folder of its own. */
  copyOfSound(base: number): string {
    const place = fs.mkdtempSync(path.join(this.folder, 'place-'));
    const file = path.join(place, 'hostile.db');
    fs.copyFileSync(this.soundDatabases[base] as string, file);
    return file;
  }
}
