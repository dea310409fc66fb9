/**
 * The same histories over real servers; GGEN_SIM_SYNC_SERVED_HISTORIES says how many. A hub that is a process of its own
 * is killed while it works on a request, connections to it are cut, those to PostgreSQL are ended, and NATS is killed. Each
 * history is a tenant, and ends when its stream has told where the hub ends.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { killHub, startHub } from '../../../tests/support/hub-commands.ts';
import type { SeededRandom } from '../../../tests/support/seeded-random.ts';
import { openTarget, type SyncTarget } from '../src/index.ts';
import { startNats, type NatsServer } from './nats-server.ts';
import { startCluster, type PostgresCluster } from './postgres-cluster.ts';
import { runHistory, type Place } from './random-history.ts';
import { cuttingWay, type Cut, type CuttingWay } from './served-hub.ts';
import { temporaryFolder } from './temporary-folder.ts';

const HISTORIES = Number(process.env['GGEN_SIM_SYNC_SERVED_HISTORIES'] ?? 3);
const folder = temporaryFolder();
const tokenOf = (history: number): string => String(history).padStart(40, '0');

/** A hub that is started again when it was killed, behind a way that cuts connections. */
class KilledHub {
  readonly #cluster: PostgresCluster;
  readonly #nats: NatsServer;
  readonly #words: string[];
  #way: CuttingWay | undefined;
  #killing: Promise<void> | undefined;
  #starting: Promise<void> | undefined;
  #natsIsBack: Promise<void> | undefined;
  #onRequest: () => Cut = () => 'never';
  kills = 0;
  ended = 0;
  natsKills = 0;

  constructor(cluster: PostgresCluster, nats: NatsServer, words: string[]) {
    this.#cluster = cluster;
    this.#nats = nats;
    this.#words = [...words, '--nats', nats.url];
  }

  get url(): string {
    return this.#way?.url ?? '';
  }

  get cuts(): number {
    return this.#way?.cuts ?? 0;
  }

  async start(): Promise<void> {
    const { port } = new URL(await startHub(undefined, this.#words));
    this.#words.push('--port', port);
    this.#way = await cuttingWay(Number(port), () => this.#onRequest());
  }

  /** Fails requests by chance; the hub is killed with one of the first. */
  trouble(random: SeededRandom): void {
    let untilKill = 1 + random.below(40);
    this.#onRequest = () => {
      untilKill--;
      if (untilKill === 0) this.#kill();
      if (random.chance(1 / 20)) void this.#endConnections();
      if (random.chance(1 / 12)) this.#killNats();
      if (random.chance(1 / 12)) return 'before';
      return random.chance(1 / 12) ? 'after' : 'never';
    };
  }

  calm(): void {
    this.#onRequest = () => 'never';
  }

  /** Waits for a hub that was killed, and starts another one. */
  async ready(): Promise<void> {
    if (this.#killing === undefined) return;
    this.#starting ??= this.#startAgain(this.#killing);
    await this.#starting;
  }

  async #startAgain(killing: Promise<void>): Promise<void> {
    await killing;
    await startHub(undefined, this.#words);
    this.#killing = undefined;
    this.#starting = undefined;
  }

  async stop(): Promise<void> {
    await this.#way?.close();
    await killHub();
    await this.#natsIsBack;
    await this.#nats.stop();
  }

  #kill(): void {
    this.kills++;
    this.#killing = killHub();
  }

  #killNats(): void {
    this.#natsIsBack ??= (async () => {
      this.natsKills++;
      await this.#nats.kill();
      await this.#nats.restart();
      this.#natsIsBack = undefined;
    })();
  }

  async #endConnections(): Promise<void> {
    const rows = await this.#cluster.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ggen-sim sync'`,
    );
    this.ended += rows.length;
  }
}

let cluster: PostgresCluster;
let hub: KilledHub;

beforeAll(async () => {
  cluster = await startCluster();
  const lines = Array.from({ length: HISTORIES }, (_, index) => index + 1).map(
    (history) => `push,pull@history-${history} ${tokenOf(history)}`,
  );
  const tokens = path.join(folder, 'tokens');
  fs.writeFileSync(tokens, lines.join('\n'), { mode: 0o600 });
  hub = new KilledHub(cluster, await startNats(), [
    '--hub',
    await cluster.newSchema('hub'),
    '--hub-tokens',
    tokens,
  ]);
  await hub.start();
}, 0);

afterAll(async () => {
  process.stderr.write(
    `${JSON.stringify({ histories: HISTORIES, kills: hub.kills, cuts: hub.cuts, endedConnections: hub.ended, natsKills: hub.natsKills })}\n`,
  );
  await hub.stop();
  await cluster.stop();
}, 0);

async function served(history: number, random: SeededRandom): Promise<Place> {
  const target = await openTarget(hub.url, { token: tokenOf(history) });
  // A machine that synchronises begins with the id of the hub: one that was killed is there again by then.
  const waiting: SyncTarget = {
    ...target,
    async id() {
      await hub.ready();
      return target.id();
    },
  };
  hub.trouble(random);
  const control = new AbortController();
  let heard: number | undefined;
  const listening = (async () => {
    while (!control.signal.aborted) {
      try {
        for await (const position of waiting.subscribe(control.signal)) heard = position;
      } catch (error) {
        expect(error).toMatchObject({ code: 'SYNC_UNREACHABLE' });
        await hub.ready();
      }
    }
  })();
  return {
    unreliable: () => waiting,
    reliable() {
      hub.calm();
      return waiting;
    },
    async close() {
      const { position } = await waiting.pull({ origin: 'nobody', after: 0, pushId: null, limit: 1000 });
      await vi.waitFor(() => expect(heard).toBe(position), { timeout: 300_000, interval: 50 });
      control.abort();
      await listening;
      await target.close();
    },
  };
}

it.each(Array.from({ length: HISTORIES }, (_, index) => index + 1))(
  'three databases come to the same rows (history %i)',
  { timeout: 0 },
  async (history) => {
    await expect(runHistory(10_000 + history, (random) => served(history, random))).resolves.toBeUndefined();
  },
);
