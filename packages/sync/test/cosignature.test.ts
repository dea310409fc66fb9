/** Checkpoints that a target cosigns, over a file, PostgreSQL and HTTP: what it confirms, and what it never does. */
import path from 'node:path';
import {
  cosignCheckpoint,
  cosignerKeyOf,
  cosignerOf,
  generateCosignerKeys,
  generateNoteKeys,
  openPersistence,
  parseCheckpoint,
  signerOf,
  signNote,
  verifyCheckpoint,
  verifyProof,
  type NoteSigner,
  type Persistence,
} from '@ggen-sim/core';
import { openDatabase } from '@ggen-sim/sqljs-vfs';
import { fileStorage } from '@ggen-sim/sqljs-vfs/file';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openTarget, renewOrigin, Synchroniser, type SyncTarget } from '../src/index.ts';
import { startCluster, type PostgresCluster } from './postgres-cluster.ts';
import { serveHub } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = (): string => path.join(folder, `${files++}.db`);

let cluster: PostgresCluster;
let cosigner: NoteSigner;
beforeAll(async () => {
  cluster = await startCluster();
  cosigner = await cosignerOf((await generateCosignerKeys('hub.example')).signerKey);
});
afterAll(() => cluster.stop());

async function openFile(file: string): Promise<Persistence> {
  const database = await openPersistence({ storage: 'file', path: file });
  onTestFinished(() => database.close());
  return database;
}

async function save(database: Persistence, first: number, count: number): Promise<string[]> {
  const receipts = Array.from({ length: count }, (_, index) => ({
    executionId: `execution ${first + index}`,
    agentId: 'a',
    agentType: 't',
    receipt: { index },
  }));
  return (await database.saveReceipts(receipts)).map(({ receiptId }) => receiptId);
}

/** Makes a checkpoint that the target cosigns. */
async function cosigned(database: Persistence, target: SyncTarget): Promise<string> {
  return new Synchroniser(database, target).cosign((await database.checkpoint()).text);
}

/** Runs statements of another program. */
async function edit(file: string, ...statements: string[]): Promise<void> {
  const { database, close } = await openDatabase(fileStorage(file)).then((durable) => ({
    database: durable.database,
    close: () => durable.close(),
  }));
  for (const sql of statements) database.exec(sql);
  close();
}

const PLACES: readonly (readonly [string, (options: { cosigner?: NoteSigner }) => Promise<SyncTarget>])[] = [
  ['a file', (options) => openTarget(newFile(), options)],
  ['PostgreSQL', async (options) => openTarget(await cluster.newSchema(), options)],
  ['PostgreSQL, as a tenant', async (options) => overHttp(await cluster.newSchema('hub'), options, 'acme')],
  ['a hub', (options) => overHttp(newFile(), options)],
];

async function overHttp(
  location: string,
  options: { cosigner?: NoteSigner },
  tenant?: string,
): Promise<SyncTarget> {
  const token = 't'.repeat(40);
  const server = await serveHub(await openTarget(location, options), {
    ...(tenant !== undefined && { scopedTokens: [{ token, tenant, scopes: ['push', 'pull'] }] }),
  });
  onTestFinished(server.stop);
  return openTarget(server.url, { token: tenant === undefined ? (server.token ?? '') : token });
}

describe.each(PLACES)('%s', (_, open) => {
  it('cosigns what it holds, again and again, and proofs hold by its key alone', async () => {
    const target = await open({ cosigner });
    onTestFinished(() => target.close());
    const database = await openFile(newFile());
    const verifierKey = cosignerKeyOf(cosigner);
    expect(await verifyCheckpoint(await cosigned(database, target), verifierKey)).toMatchObject({ size: 0 });
    const [receiptId = ''] = await save(database, 0, 3);
    const { signerKey, verifierKey: ownKey } = await generateNoteKeys('ada.example');
    const note = await signNote((await database.checkpoint()).text, await signerOf(signerKey));
    // It may be sent again, also after others were saved.
    await save(database, 3, 1);
    const synchroniser = new Synchroniser(database, target);
    for (const checkpoint of [await synchroniser.cosign(note), await synchroniser.cosign(note)]) {
      expect(await verifyCheckpoint(checkpoint, ownKey)).toMatchObject({ size: 3 });
      const { cosignedAt = '' } = await verifyCheckpoint(checkpoint, verifierKey);
      expect(Math.abs(Date.now() - Date.parse(cosignedAt))).toBeLessThan(600_000);
      const proof = await database.prove({ receiptId, size: 3 });
      expect(await verifyProof(proof, { checkpoint, verifierKey })).toMatchObject({ size: 3, cosignedAt });
      const report = await database.verify({ checkpoints: [checkpoint], verifierKey });
      expect(report).toMatchObject({ ok: true });
    }
    // More than are read at a time.
    await save(database, 4, 4500);
    expect(parseCheckpoint(await cosigned(database, target)).size).toBe(4504);
    await database.deleteRecord({ receiptId, reason: 'test' });
    expect(parseCheckpoint(await cosigned(database, target)).size).toBe(4505);
  });

  it('never cosigns a history that was rewritten, or one that it does not have', async () => {
    const target = await open({ cosigner });
    onTestFinished(() => target.close());
    const file = newFile();
    let database = await openFile(file);
    await save(database, 0, 2500);
    const { text } = await database.checkpoint();
    await expect(target.cosign(text)).rejects.toMatchObject({ code: 'SYNC_GAP' });
    const early = await cosigned(database, target);
    await database.close();
    // The row of another entry takes the place of one that was cosigned, with its hash: the log fits to itself.
    await edit(
      file,
      'UPDATE _change_log SET leaf = (SELECT leaf FROM _change_log WHERE seq = 8) WHERE seq = 7',
    );
    database = await openFile(file);
    const refused = { code: 'CHECKPOINT_INCONSISTENT', message: expect.stringContaining('2500') };
    await expect(cosigned(database, target)).rejects.toMatchObject(refused);
    await save(database, 2500, 1);
    // The entry after is sent, but the tree before it is another one.
    await expect(cosigned(database, target)).rejects.toMatchObject({ code: 'CHECKPOINT_INCONSISTENT' });
    // Another root for the same entries, and for more of them.
    const { origin, rootHash } = parseCheckpoint(early);
    const forged = `${origin}\n2501\n${rootHash}\n`;
    await expect(target.cosign(forged)).rejects.toMatchObject({ code: 'CHECKPOINT_INCONSISTENT' });
    await expect(target.cosign(`${origin}\n2502\n${rootHash}\n`)).rejects.toMatchObject({ code: 'SYNC_GAP' });
    await expect(target.cosign(`${origin}\n2499\n${rootHash}\n`)).rejects.toMatchObject({
      code: 'SYNC_INVALID',
      message: expect.stringContaining('2500 was cosigned before'),
    });
    for (const note of [
      '',
      'a\n1\n',
      `other.example/log\n1\n${rootHash}\n`,
      `${text}an extension\n`,
      'x'.repeat(100_000),
      null as never,
    ]) {
      await expect(target.cosign(note)).rejects.toMatchObject({ code: 'SYNC_INVALID' });
    }
    // The one that was right is cosigned still.
    expect((await target.cosign(text)).startsWith(text)).toBe(true);
    // Under an id of its own the file has a history of its own.
    await renewOrigin(database);
    expect(parseCheckpoint(await cosigned(database, target)).size).toBe(2501);
  });

  it('says that it has no key', async () => {
    const target = await open({});
    onTestFinished(() => target.close());
    const database = await openFile(newFile());
    await expect(cosigned(database, target)).rejects.toMatchObject({ code: 'SYNC_NO_COSIGNER' });
  });
});

it('takes the tables of a hub that kept no checkpoints', async () => {
  for (const location of [newFile(), await cluster.newSchema('hub')]) {
    const database = await openFile(newFile());
    await save(database, 0, 2);
    const before = await openTarget(location);
    await new Synchroniser(database, before).push();
    await before.close();
    const statements = ['DROP TABLE ggen_checkpoints', 'UPDATE ggen_schema SET version = 2'];
    if (location.startsWith('postgres')) {
      const schema = /case_\d+/.exec(decodeURIComponent(location))?.[0] ?? '';
      await cluster.query(`SET search_path = ${schema}; ${statements.join('; ')}; RESET search_path`);
    } else await edit(location, ...statements);
    // Two servers that are started at once.
    const [one, two] = [await openTarget(location, { cosigner }), await openTarget(location, { cosigner })];
    expect(await one.id()).toBe(await two.id());
    expect(parseCheckpoint(await cosigned(database, one)).size).toBe(2);
    for (const target of [one, two]) await target.close();
  }
});

it('takes nothing from a target but its signature', async () => {
  const target = await openTarget(newFile(), { cosigner });
  onTestFinished(() => target.close());
  const database = await openFile(newFile());
  await save(database, 0, 1);
  const { signerKey } = await generateNoteKeys('ada.example');
  const { text } = await database.checkpoint();
  const signature = (await cosigned(database, target)).slice(text.length);
  for (const note of [text, await signNote(text, await signerOf(signerKey))]) {
    const answers = [
      note,
      `${note}a further line\n${signature}`,
      `${note}no signature\n`,
      `${note}\u001B[2J${signature}`,
      `${text}${signature}`.replace(/^\S+/u, 'another.example'),
      `x${note}${signature}`,
      1,
    ];
    for (const answer of answers) {
      const lying: SyncTarget = {
        id: () => target.id(),
        cursor: (origin) => target.cursor(origin),
        unknown: (leaves) => target.unknown(leaves),
        push: (batch) => target.push(batch),
        pull: (request) => target.pull(request),
        cosign: () => Promise.resolve(answer as string),
        subscribe: (signal) => target.subscribe(signal),
        close: () => Promise.resolve(),
      };
      await expect(new Synchroniser(database, lying).cosign(note), String(answer)).rejects.toMatchObject({
        code: 'SYNC_INVALID',
      });
    }
    expect(await new Synchroniser(database, target).cosign(note)).toContain('hub.example');
  }
  // A note that is full of signatures is none that could be read with one more.
  let full = text;
  for (let count = 0; count < 100; count++) full = await cosignCheckpoint(full, cosigner, new Date());
  await expect(target.cosign(full)).rejects.toMatchObject({ code: 'SYNC_INVALID' });
});

it('is not for the target of somebody else', async () => {
  await expect(openTarget('http://127.0.0.1:1', { cosigner })).rejects.toMatchObject({
    code: 'SYNC_TARGET_INVALID',
  });
});
