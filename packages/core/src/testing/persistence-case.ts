import { PersistenceError } from '../api/errors.ts';
import type { NewAuditEntry, NewMemory, NewReceipt, Persistence } from '../api/persistence.ts';
import type { PersistenceHarness } from './persistence-harness.ts';
import { SettableClock } from './settable-clock.ts';
import type { TestFramework } from './test-framework.ts';

/** One requirement on every implementation of `Persistence`. */
export interface PersistenceCase {
  readonly title: string;
  /** Requirement on the harness, beyond an open database. */
  readonly needs?: 'clock';
  run(context: PersistenceTestContext): Promise<void>;
}

/** A new harness, a clock, and the databases that a case opens. Databases still open at the end are closed. */
export class PersistenceTestContext {
  readonly expect: TestFramework['expect'];
  readonly clock: SettableClock = new SettableClock('2026-01-29T18:00:00Z');
  readonly #harness: PersistenceHarness;
  readonly #injectsClock: boolean;
  readonly #opened: Persistence[] = [];

  constructor(harness: PersistenceHarness, expect: TestFramework['expect'], injectsClock: boolean) {
    this.#harness = harness;
    this.expect = expect;
    this.#injectsClock = injectsClock;
  }

  /** Opens the database. Bound, so that a case can destructure the context. */
  readonly open = async (): Promise<Persistence> => {
    const persistence = await this.#harness.open(this.#injectsClock ? { clock: this.clock.read } : {});
    this.#opened.push(persistence);
    return persistence;
  };

  /** Expects a rejection with this code and a message that matches. */
  readonly refused = async (
    promise: PromiseLike<unknown>,
    code: string,
    message: RegExp = /./,
  ): Promise<PersistenceError> => {
    const error = await rejectionOf(promise);
    this.expect(error instanceof PersistenceError, `a PersistenceError, got ${String(error)}`).toBe(true);
    this.expect((error as PersistenceError).code, String(error)).toBe(code);
    this.expect(error.message).toMatch(message);
    return error as PersistenceError;
  };

  async end(): Promise<void> {
    for (const persistence of this.#opened) await persistence.close();
    await this.#harness.remove?.();
  }
}

/** Returns the error that a promise rejects with. Fails the test when the promise resolves. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
}

/** Makes a receipt with an execution id. Everything else is arbitrary. */
export function receiptOf(executionId: string, overrides: Partial<NewReceipt> = {}): NewReceipt {
  return {
    executionId,
    agentId: 'validator-1',
    agentType: 'validation',
    receipt: '{"ok":true}',
    ...overrides,
  };
}

/** Makes a memory of an agent. */
export function memoryOf(agentId: string, overrides: Partial<NewMemory> = {}): NewMemory {
  return { agentId, agentType: 'validation', memory: '{"active":true}', ...overrides };
}

/** Makes an audit entry of an operation. */
export function auditOf(operation: string, overrides: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return { agentId: 'validator-1', operation, status: 'completed', ...overrides };
}

/** Collects the items of a stream. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Returns the whole numbers from 0 to `count - 1`. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
