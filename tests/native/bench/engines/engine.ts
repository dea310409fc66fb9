import type { BenchAuditEntry, BenchReceipt } from '../dataset/rows.ts';

/** Identifies a database: a path in Node, a name in a page. */
export type Place = string;

/** Counts an engine answers, which a trial compares with what it wrote. */
export interface Counts {
  readonly receipts: number;
  readonly auditEntries: number;
}

/** One thing that keeps receipts, opened. A save resolves when it is as durable as the engine promises. */
export interface Session {
  save(receipt: BenchReceipt): Promise<unknown>;
  /** In one transaction, by the caller's own hand. */
  saveTogether?(receipts: readonly BenchReceipt[]): Promise<unknown>;
  logAudit(entry: BenchAuditEntry): Promise<unknown>;
  getReceipt(receiptId: string): Promise<string | undefined>;
  /** The newest receipts of the agents that match. @returns how many rows it read */
  latest(agentPattern: string, limit: number): Promise<number>;
  /** Metrics by agent and by receipt status. @returns how many rows it answered */
  analytics(sinceTimestamp: string): Promise<number>;
  stats(): Promise<Counts>;
  /** The whole database as the bytes of a file. @returns how many */
  exportImage?(): Promise<number>;
  /** Every row as JSON, and the file, into a new folder. @returns how many rows */
  backup?(directory: string): Promise<number>;
  close(): Promise<void>;
}

/** Facts about an engine for reports. */
export interface EngineFacts {
  readonly id: string;
  readonly title: string;
  readonly ggenSim: boolean;
  /** Failure that a resolved save survives, and the settings. */
  readonly durability: string;
  /** More rows than this are not asked of it. */
  readonly maxRows?: number;
  /** Nothing outlives its page: it is filled while it is opened, so opening is not measured. */
  readonly keepsNothing?: boolean;
  /** It works in processes of its own, whose calls and memory a trial does not see. */
  readonly worksElsewhere?: boolean;
}
