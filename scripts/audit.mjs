// Known vulnerabilities in what we ship. Not every registry answers audits, and a check must not need a network to pass:
// without an answer this says so and lets go; with one, a high or critical advisory fails it.
import { execFileSync } from 'node:child_process';

const FAILING = new Set(['high', 'critical']);
const TIMEOUT_MS = 60_000;

/** @returns what pnpm printed as JSON; undefined where that is no audit's answer */
function auditAnswer() {
  let output;
  try {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: TIMEOUT_MS };
    output = execFileSync('pnpm', ['audit', '--prod', '--json'], options);
  } catch (error) {
    // Advisories end with 1 as well, and are on stdout.
    output = String(error.stdout ?? '');
  }
  try {
    const answer = JSON.parse(output);
    return typeof answer.advisories === 'object' && answer.advisories !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}

const answer = auditAnswer();
if (answer) {
  const advisories = Object.values(answer.advisories);
  for (const { severity, module_name: name, vulnerable_versions: versions, title } of advisories) {
    process.stdout.write(`${severity}: ${name} ${versions}: ${title}\n`);
  }
  const failing = advisories.filter(({ severity }) => FAILING.has(severity)).length;
  process.stdout.write(
    `audit: ${advisories.length} advisories for what we ship, ${failing} of them high or critical\n`,
  );
  if (failing > 0) process.exitCode = 1;
} else {
  process.stdout.write('audit: not done, the package registry gave no answer to it\n');
}
