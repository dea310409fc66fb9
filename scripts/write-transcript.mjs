// Writes the real output of `pnpm start` into the README, from the first database query on.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- transcript -->';
const END = '<!-- /transcript -->';
const output = execFileSync(process.execPath, ['scripts/start.mjs'], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
});
const transcript = output.slice(output.indexOf('$ ggen-sim db query-receipts')).trimEnd();
const readme = readFileSync('README.md', 'utf8');
const [before] = readme.split(BEGIN);
const after = readme.split(END)[1];
writeFileSync('README.md', `${before}${BEGIN}\n\n\`\`\`text\n${transcript}\n\`\`\`\n\n${END}${after}`);
