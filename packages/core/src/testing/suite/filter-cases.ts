import type { ReceiptQuery, ReceiptRow, RowsWithCursor } from '../../api/persistence.ts';
import { type PersistenceCase, auditOf, memoryOf, receiptOf, upTo } from '../persistence-case.ts';

export const filterCases: readonly PersistenceCase[] = [
  {
    title: 'filters: status, type, execution, operation, text and JSON select rows, and counts agree',
    async run({ open, expect }) {
      const db = await open();
      await db.record({
        receipts: upTo(6).map((n) =>
          receiptOf(`exec-${n}`, {
            agentType: n < 2 ? 'generation' : 'validation',
            status: n === 5 ? 'error' : 'success',
            durationMs: n % 3,
            receipt: `{"n": ${n}, "big": 900719925474099${n}, "stage": ["parse", {"ok": ${n > 3}}]}`,
          }),
        ),
        memories: [memoryOf('a', { memory: { active: true } }), memoryOf('b', { memory: '[1, "x"]' })],
        audits: [
          auditOf('render', { operationType: 'output', details: 'Wrote 100% of it' }),
          auditOf('read', { status: 'failed', errorMessage: 'no such file', details: '{"path":"/a"}' }),
        ],
      });
      const numbersOf = (rows: readonly { readonly receiptJson: string }[]): unknown[] =>
        rows.map(({ receiptJson }) => (JSON.parse(receiptJson) as { n: number }).n);
      for (const [filters, numbers] of [
        [{ status: 'error' }, [5]],
        [{ status: ['error', 'partial'], agentType: 'valid*' }, [5]],
        [{ agentType: 'generation' }, [1, 0]],
        [{ execution: 'exec-3' }, [3]],
        [{ execution: 'exec-*', where: ['$.n >= 2', '$.n<4'] }, [3, 2]],
        [{ where: '$.big = 9007199254740993' }, [3]],
        [{ where: '$["stage"][-1].ok = true' }, [5, 4]],
        [{ where: '$.stage[0] != "parse"' }, []],
        [{ where: '$.missing' }, []],
        [{ text: '"N": 4' }, [4]],
        [{ since: '1h', until: '9999-12-31', where: '$.n = 1' }, [1]],
        [{ until: '2h' }, []],
      ] as const) {
        expect(numbersOf(await db.queryReceipts(filters)), JSON.stringify(filters)).toEqual([...numbers]);
        expect(await db.countReceipts(filters), JSON.stringify(filters)).toBe(numbers.length);
      }
      expect(numbersOf(await db.queryReceipts({ order: 'longest-first', limit: 3 }))).toEqual([5, 2, 4]);
      expect(numbersOf(await db.queryReceipts({ order: 'shortest-first', limit: 3 }))).toEqual([0, 3, 1]);
      const agents = async (where: string): Promise<string[]> =>
        (await db.queryMemory({ where })).map(({ agentId }) => agentId);
      expect(await agents('$.active')).toEqual(['a']);
      expect(await agents(`$[1] = 'x'`)).toEqual(['b']);
      expect(await db.countMemory({ agentType: 'validation', limit: 1 } as never)).toBe(2);
      const operations = async (filters: object): Promise<string[]> =>
        (await db.queryAuditTrail(filters)).map(({ operation }) => operation);
      expect(await operations({ operation: 're*', status: ['failed', 'completed'] })).toEqual([
        'read',
        'render',
      ]);
      expect(await operations({ text: '100%' })).toEqual(['render']);
      expect(await operations({ text: 'SUCH FILE' })).toEqual(['read']);
      expect(await operations({ where: '$.path = "/a"' })).toEqual(['read']);
      expect(await operations({ operationType: 'output' })).toEqual(['render']);
      expect(await db.countAuditTrail({ status: 'failed' })).toBe(1);
    },
  },
  {
    title: 'filters: a cursor continues after its row, whatever is saved meanwhile',
    async run({ open, refused, expect }) {
      const db = await open();
      await db.saveReceipts(upTo(5).map((n) => receiptOf(`exec-${n}`, { durationMs: n % 2 })));
      for (const order of ['newest-first', 'oldest-first', 'longest-first', 'shortest-first'] as const) {
        const all = (await db.queryReceipts({ order })).map(({ executionId }) => executionId);
        const read: string[] = [];
        let after: string | null = null;
        do {
          const query: ReceiptQuery = { order, limit: 2, ...(after === null ? {} : { after }) };
          const { rows, nextCursor }: RowsWithCursor<ReceiptRow> = await db.queryReceipts(query).withCursor();
          read.push(...rows.map(({ executionId }) => executionId));
          after = nextCursor;
        } while (after !== null && read.length < 100);
        expect(read, order).toEqual(all);
      }
      const { nextCursor } = await db.queryReceipts({ limit: 3 }).withCursor();
      await db.saveReceipts([receiptOf('later-1'), receiptOf('later-2')]);
      const rest = await db.queryReceipts({ after: nextCursor ?? '' });
      expect(rest.map(({ executionId }) => executionId)).toEqual(['exec-1', 'exec-0']);
      for (const after of ['', 'AAAA', '%', btoa('{"order":"receipts newest-first","rowid":"x"}')]) {
        await refused(db.queryReceipts({ after }), 'INVALID_ARGUMENT', /^Invalid after/);
      }
      await refused(
        db.queryReceipts({ after: nextCursor ?? '', order: 'oldest-first' }),
        'INVALID_ARGUMENT',
        /same order/,
      );
      await refused(db.queryMemory({ after: nextCursor ?? '' }), 'INVALID_ARGUMENT', /same table/);
      const begun = await db.queryReceipts({ limit: 0 }).withCursor();
      expect(begun.rows).toEqual([]);
      const first = await db.queryReceipts({ limit: 1, after: begun.nextCursor ?? '' });
      expect(first.map(({ executionId }) => executionId)).toEqual(['later-2']);
      const still = await db.queryReceipts({ limit: 0, after: nextCursor ?? '' }).withCursor();
      expect(still.nextCursor).toBe(nextCursor);
      expect(await db.countReceipts({ until: '9999-12-31T23:59:59-01:00' })).toBe(7);
    },
  },
  {
    title: 'filters: wrong ones are refused by name',
    async run({ open, refused }) {
      const db = await open();
      for (const where of [
        'files > 1',
        '$.a >',
        '$.a > x',
        '$.a = {}',
        '$.a = [1]',
        '$.a < true',
        '$.a >= null',
        '$..a = 1',
        '$.a = 1 OR 1=1',
        '$.a = 01',
        '$["a\\"]',
        '',
        [],
        7,
        '$.a = "\\ud800"',
      ]) {
        await refused(db.queryReceipts({ where: where as never }), 'INVALID_ARGUMENT', /where/);
        await refused(db.countReceipts({ where: where as never }), 'INVALID_ARGUMENT', /where/);
      }
      for (const since of ['yesterday', '2x', '2026-02-30', '', 2, '-1h']) {
        await refused(db.queryReceipts({ since: since as never }), 'INVALID_ARGUMENT', /since/);
        await refused(db.queryAuditTrail({ until: since as never }), 'INVALID_ARGUMENT', /until/);
      }
      for (const wrong of [
        { status: '' },
        { status: [1] },
        { text: '' },
        { execution: 3 },
        { agentType: '' },
      ]) {
        await refused(
          db.queryReceipts(wrong as never),
          'INVALID_ARGUMENT',
          new RegExp(Object.keys(wrong)[0] ?? ''),
        );
      }
      await refused(db.queryReceipts({ operation: 'o' } as never), 'INVALID_ARGUMENT', /have no operation/);
      await refused(db.queryMemory({ status: 'o' } as never), 'INVALID_ARGUMENT', /have no status/);
      await refused(db.queryMemory({ order: 'longest-first' } as never), 'INVALID_ARGUMENT', /order/);
      await refused(db.queryAuditTrail({ days: 1, since: '2h' }), 'INVALID_ARGUMENT', /exclude/);
    },
  },
];
