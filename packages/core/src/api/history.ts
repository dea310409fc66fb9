/** State of the change log of a database. */
export interface HistoryStatus {
  /** True when every save, adoption and deletion is noted in the change log. */
  readonly enabled: boolean;
  /**
   * Id of the database (UUID version 7), which the numbers of the entries belong to. A restore, a reset and an import give it
   * another one. `null` without a change log.
   */
  readonly origin: string | null;
  /** Number of the last entry; 0 without any. */
  readonly lastSeq: number;
}
