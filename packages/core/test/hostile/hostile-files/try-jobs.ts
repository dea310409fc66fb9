/**
 * Arguments: a JSON file of jobs, the first index, a folder, the intact databases. Tries the jobs in order and prints one
 * line for each. The index comes first, so that the reader knows which job ended the process.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openPersistence } from '../../../src/index.ts';
import { damaged } from './mutation.ts';
import type { Job } from './trials.ts';
import { receiptsIn, tryFile } from './try-file.ts';

const [jobsFile = '', first = '0', folder = '', ...bases] = process.argv.slice(2);
const jobs = JSON.parse(fs.readFileSync(jobsFile, 'utf8')) as Job[];

const intact = await Promise.all(
  bases.map(async (base) => {
    const db = await openPersistence({ storage: 'file', path: base });
    const receipts = await receiptsIn(db);
    await db.close();
    return { image: fs.readFileSync(base), receipts };
  }),
);

for (const [index, job] of jobs.entries()) {
  if (index < Number(first)) continue;
  fs.writeSync(1, `${JSON.stringify({ index })}\n`);
  const { image, receipts } = intact[job.base] as (typeof intact)[number];
  let file: string;
  if ('path' in job) file = job.path;
  else {
    const trialFolder = path.join(folder, String(index));
    fs.mkdirSync(trialFolder);
    file = path.join(trialFolder, 'hostile.db');
    fs.writeFileSync(file, damaged(image, job.damages));
  }
  const trial = await tryFile(file, receipts);
  if (!('path' in job)) fs.rmSync(path.dirname(file), { recursive: true });
  fs.writeSync(1, `${JSON.stringify({ index, ...trial })}\n`);
}
