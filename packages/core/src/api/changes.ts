import type { AuditRow } from './audit.ts';
import type { MemoryRow } from './memory.ts';
import type { Signal } from './platform-types.ts';
import type { ReceiptRow } from './receipts.ts';
import type { TableName } from './tables.ts';

/** Options of `changes`. */
export interface ChangesOptions {
  /**
   * Where to begin: after the event with this id, after the entry with this number, or, for `'latest'`, after the last entry
   * there is when the iteration begins. Only an id tells which database the number belongs to: a program that goes on later
   * keeps the id of the last event.
   * @default 0, before the first entry
   */
  readonly after?: string | number;
  /**
   * Wait for further events instead of ending after the last entry there is when the iteration begins.
   * @default false
   */
  readonly follow?: boolean;
  /** Number of events after which the iteration ends. @default no limit */
  readonly limit?: number;
  /** Put the row of each event into it. @default false */
  readonly rows?: boolean;
  /** Ends the iteration with `ABORTED`. */
  readonly signal?: Signal;
}

/** An entry of the change log, as a CloudEvent 1.0 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). */
export interface ChangeEvent {
  readonly specversion: '1.0';
  /**
   * Id of the database, number of the entry and the first 8 digits of its hash, `ORIGIN/SEQ/LEAF`: where a reader goes on
   * that has handled this event.
   */
  readonly id: string;
  /** The id of the database as a URN. */
  readonly source: string;
  /** `dev.ggen-sim.KIND.v1`, with the kind of the entry: `dev.ggen-sim.receipt.saved.v1`. */
  readonly type: string;
  /** Id of the row. Absent where the event tells of many rows. */
  readonly subject?: string;
  /** Time of the entry, ISO 8601. Absent where another program stored none that can be read. */
  readonly time?: string;
  readonly datacontenttype: 'application/json';
  readonly data: ChangeData;
}

/** The entry itself. */
export interface ChangeData {
  /** Number of the entry. */
  readonly seq: number;
  /** Kind of the entry, such as `receipt.saved`; `docs/change-log.md` lists them. */
  readonly kind: string;
  /** Table of the row or rows; `null` where the entry tells of every table. */
  readonly table: TableName | null;
  /** Id of the row; `null` where the entry tells of many rows. */
  readonly rowId: string | null;
  /** Hash of the row as 64 hexadecimal digits. */
  readonly leaf: string;
  /** What an entry for many rows says of them, under the names in `docs/change-log.md`; `null` for one row. */
  readonly details: Readonly<Record<string, unknown>> | null;
  /**
   * Only with the option `rows`: the row exactly as the entry notes it, by its hash. `null` where the database no longer
   * holds it (deleted, or edited by another program), and for an entry for many rows. Of the redaction of one record: what is
   * stored since.
   */
  readonly row?: ReceiptRow | MemoryRow | AuditRow | null;
  /** Only with the option `rows`, of a saved memory: hash of the version that it replaced; `null` for the first one. */
  readonly parent?: string | null;
}
