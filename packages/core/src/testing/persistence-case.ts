import { PersistenceError } from '../api/errors.ts';
import type { NewAuditEntry, NewMemory, NewReceipt, Persistence } from '../api/persistence.ts';
import type { PersistencePlace } from './persistence-place.ts';
import { SettableClock } from './settable-clock.ts';
import type { TestFramework } from './test-framework.ts';

/** One thing every implementation of `Persistence` must do. */
export interface PersistenceCase {
  readonly title: string;
  /** What the place must give beyond an open database. */
  readonly needs?: 'clock';
  run(scene: PersistenceScene): Promise<void>;
}

/** A fresh place, a clock of its own, and everything a case opens; what is left open is closed at the end. */
export class PersistenceScene {
  readonly expect: TestFramework['expect'];
  readonly clock: SettableClock = new SettableClock('2026-01-29T18:00:00Z');
  readonly #place: PersistencePlace;
  readonly #injectsClock: boolean;
  readonly #opened: Persistence[] = [];

  constructor(place: PersistencePlace, expect: TestFramework['expect'], injectsClock: boolean) {
    this.#place = place;
    this.expect = expect;
    this.#injectsClock = injectsClock;
  }

  /** Opens the place. Bound, so that a case can take what it needs apart. */
  readonly open = async (): Promise<Persistence> => {
    const persistence = await this.#place.open(this.#injectsClock ? { clock: this.clock.read } : {});
    this.#opened.push(persistence);
    return persistence;
  };

  /** Expects a rejection with a code and a message. */
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
    await this.#place.remove?.();
  }
}

/** What a promise rejects with; fails the test when it does not. */
export async function rejectionOf(promise: PromiseLike<unknown>): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error(`expected a rejection, got ${JSON.stringify(value)}`);
}

/** A receipt by its execution id; everything else is as good as any. */
export function receiptOf(executionId: string, overrides: Partial<NewReceipt> = {}): NewReceipt {
  return {
    executionId,
    agentId: 'validator-1',
    agentType: 'validation',
    receipt: '{"ok":true}',
    ...overrides,
  };
}

/** A memory by its agent. */
export function memoryOf(agentId: string, overrides: Partial<NewMemory> = {}): NewMemory {
  return { agentId, agentType: 'validation', memory: '{"active":true}', ...overrides };
}

/** An audit entry by its operation. */
export function auditOf(operation: string, overrides: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return { agentId: 'validator-1', operation, status: 'completed', ...overrides };
}

/** Collects what is streamed. */
export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/** Whole numbers from 0 up to a count. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
