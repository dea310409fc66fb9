/** Fixture of a test file that tries hostile files: a folder, the bundled child, and intact databases to compare with. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { Children } from '../../../../../tests/support/child-process.ts';
import { makeIntactDatabases } from './intact-databases.ts';
import { endTrials, type Job, type Outcome, tryJobs } from './trials.ts';

/** Sets up before the tests of a file and cleans up after them. */
export class TrialHarness {
  readonly folder: string = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'ggen-hostile-')));
  intactDatabases: readonly string[] = [];
  #children: Children | undefined;

  constructor() {
    beforeAll(async () => {
      this.#children = await Children.bundle([path.join(import.meta.dirname, 'try-jobs.ts')]);
      this.intactDatabases = await makeIntactDatabases(this.folder);
    });
    afterAll(() => {
      endTrials();
      this.#children?.remove();
      fs.rmSync(this.folder, { recursive: true, force: true });
    });
  }

  try(jobs: readonly Job[]): Promise<Outcome[]> {
    const script = this.#children?.script('try-jobs') ?? '';
    return tryJobs({ script, folder: this.folder, intactDatabases: this.intactDatabases }, jobs);
  }

  /** Copies an intact database to a new folder. */
  copyOfIntact(base: number): string {
    const folder = fs.mkdtempSync(path.join(this.folder, 'trial-'));
    const file = path.join(folder, 'hostile.db');
    fs.copyFileSync(this.intactDatabases[base] as string, file);
    return file;
  }
}
