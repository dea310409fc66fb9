/** State of the change log of a database. */
export interface HistoryStatus {
  /**
   * True when the change log notes what this program saves and deletes, and the rows that other programs insert: those of
   * one write by an entry each, or very many or very large ones by one entry for all.
   */
  readonly enabled: boolean;
  /**
   * Id of the database (UUID version 7), which the numbers of the entries belong to. A restore, a reset and an import give it
   * another one. `null` without a change log.
   */
  readonly origin: string | null;
  /** Number of the last entry; 0 without any. */
  readonly lastSeq: number;
  /**
   * Why there is no change log: it was dropped, or another program has a table or a view of its name. `null` with a change
   * log, and where nobody asked for one.
   */
  readonly reason: string | null;
}
