/** Types of the interface for TypeScript callers. A wrong line here fails the type check, not the run. */
import { expectTypeOf, it } from 'vitest';
import type {
  MemoryRow,
  NewReceipt,
  OpenOptions,
  openPersistence,
  Persistence,
  ReceiptRow,
  Rows,
  SavedReceipt,
} from '../src/index.ts';

it('the main calls have their documented types', () => {
  expectTypeOf<Awaited<ReturnType<typeof openPersistence>>>().toEqualTypeOf<Persistence>();
  expectTypeOf<Persistence['saveReceipt']>().parameter(0).toEqualTypeOf<NewReceipt>();
  expectTypeOf<Persistence['saveReceipts']>().returns.resolves.toEqualTypeOf<SavedReceipt[]>();
  expectTypeOf<Persistence['queryReceipts']>().returns.toEqualTypeOf<Rows<ReceiptRow>>();
  expectTypeOf<Awaited<Rows<MemoryRow>>>().toEqualTypeOf<MemoryRow[]>();
  expectTypeOf<ReceiptRow['durationMs']>().toEqualTypeOf<number | null>();
  expectTypeOf<Persistence>().toExtend<AsyncDisposable>();
});

it('wrong calls do not compile', () => {
  expectTypeOf<{ executionId: string; agentId: string; agentType: string }>().not.toExtend<NewReceipt>();
  expectTypeOf<'completed'>().not.toExtend<NonNullable<NewReceipt['status']>>();
  expectTypeOf<undefined>().not.toExtend<NewReceipt['receipt']>();
  expectTypeOf<bigint>().not.toExtend<NewReceipt['receipt']>();
  expectTypeOf<{ storage: 'file' }>().not.toExtend<OpenOptions>();
  expectTypeOf<{ storage: 'disk'; path: string }>().not.toExtend<OpenOptions>();
});
