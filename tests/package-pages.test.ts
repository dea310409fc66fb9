/** A package's README is shown far from this repository: its links name whole addresses, of files that exist here. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
const OURS = /^https:\/\/github\.com\/ggen-sim\/ggen-sim\/(?:blob|tree)\/main\/(?<file>[^#]*)/;

it.each(fs.readdirSync(path.join(ROOT, 'packages')))('%s: every link works from the package page', (name) => {
  const readme = fs.readFileSync(path.join(ROOT, 'packages', name, 'README.md'), 'utf8');
  const headings = new Set(
    [...readme.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
  const links = [...readme.matchAll(/\]\((?<target>[^)\s]+)\)/g)].map(
    (match) => match.groups?.['target'] ?? '',
  );
  const broken = links.filter((link) => {
    if (link.startsWith('#')) return !headings.has(link.slice(1));
    const file = OURS.exec(link)?.groups?.['file'];
    return file === undefined ? !link.startsWith('https://') : !fs.existsSync(path.join(ROOT, file));
  });
  expect(broken).toEqual([]);
});
