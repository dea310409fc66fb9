/** One step of the schema. Once released it never changes: every database that took it holds its checksum. */
export interface Migration {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}
