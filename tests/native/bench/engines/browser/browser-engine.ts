import type { Seed } from '../../dataset/rows.ts';
import type { EngineFacts, Session } from '../engine.ts';
import type { BrowserEngineId } from './engine-ids.ts';

/** Source that fills a new database. */
export interface SeedSource {
  readonly seed: Seed;
  /** The statements of the schema. */
  readonly schema: readonly string[];
  /** The seed as an SQLite file. */
  readonly image: () => Promise<Uint8Array>;
  /** The same, which the browser may keep on disk. */
  readonly blob: () => Promise<Blob>;
}

/** An engine in a page. Its code is loaded by `open`, so that opening includes loading. */
export interface BrowserEngine extends EngineFacts {
  readonly id: BrowserEngineId;
  /** `page`: called from the page's own thread, as users do. `worker`: called in a worker, no message in between. */
  readonly host: 'page' | 'worker';
  /** `image`: takes over the seed's file. `rows`: inserts every row. */
  readonly fills: 'image' | 'rows';
  /** Makes the database. */
  readonly fill: (name: string, source: SeedSource) => Promise<void>;
  /** Opens the database and makes it ready to answer. */
  readonly open: (name: string, source: SeedSource) => Promise<Session>;
}
