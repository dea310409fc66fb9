import { type PersistenceCase, auditOf, receiptOf, upTo } from '../persistence-case.ts';

export const timeSeriesCases: readonly PersistenceCase[] = [
  {
    title: 'time series: shows every step, the period before, and each group, busiest first',
    needs: 'clock',
    async run({ open, clock, refused, expect }) {
      const db = await open();
      // Two hours before the period, then within it, with an hour that nothing happened in.
      for (const [time, agentId, count, failed] of [
        ['2026-01-29T15:30:00Z', 'a', 3, 1],
        ['2026-01-29T16:30:00Z', 'a', 4, 0],
        ['2026-01-29T16:45:00Z', 'b', 1, 1],
        ['2026-01-29T18:15:00Z', 'a', 100, 10],
      ] as const) {
        clock.set(time);
        await db.record({
          audits: [
            auditOf('render', { agentId, status: 'started', durationMs: 9999 }),
            ...upTo(count).map((n) =>
              auditOf(n % 2 ? 'read' : 'render', {
                agentId,
                status: n < failed ? 'failed' : 'completed',
                durationMs: n + 1,
              }),
            ),
          ],
          receipts: upTo(count).map((n) =>
            receiptOf(`${time}-${n}`, { agentId, status: n < failed ? 'error' : 'success', durationMs: 7 }),
          ),
        });
      }
      clock.set('2026-01-29T18:30:00Z');
      const period = { since: '2026-01-29T16:15:00Z', bucket: 'hour' } as const;
      const all = await db.timeSeries(period);
      expect([all.table, all.bucket, all.by, all.since, all.until, all.generatedAt]).toEqual([
        'audit_log',
        'hour',
        null,
        '2026-01-29T16:15:00Z',
        '2026-01-29T18:30:00Z',
        '2026-01-29T18:30:00Z',
      ]);
      const [series] = all.series;
      expect(all.series.length).toBe(1);
      const { p50DurationMs, p95DurationMs, p99DurationMs, ...total } = series?.total ?? ({} as never);
      expect(total).toEqual({ count: 105, failed: 11, errorShare: 0.1048, ratePerHour: 46.6667 });
      for (const [estimated, exact] of [
        [p50DurationMs, 48],
        [p95DurationMs, 95],
        [p99DurationMs, 99],
      ] as const) {
        expect(Math.abs((estimated ?? 0) - exact) <= exact / 100, `${estimated}, not ${exact}`).toBe(true);
      }
      expect([series?.before.count, series?.before.failed]).toEqual([3, 1]);
      const steps = series?.steps.map(
        ({ start, count, failed, errorShare, ratePerHour, p99DurationMs: p99 }) => [
          start,
          count,
          failed,
          errorShare,
          ratePerHour,
          p99 === null,
        ],
      );
      expect(steps).toEqual([
        ['2026-01-29T16:00:00Z', 5, 1, 0.2, 6.6667, false],
        ['2026-01-29T17:00:00Z', 0, 0, null, 0, true],
        ['2026-01-29T18:00:00Z', 100, 10, 0.1, 200, false],
      ]);
      const groups = async (query: object): Promise<unknown[]> =>
        (await db.timeSeries({ ...period, ...query })).series.map(
          ({ group, total: { count, errorShare } }) => [group, count, errorShare],
        );
      expect(await groups({ by: 'agent' })).toEqual([
        ['a', 104, 0.0962],
        ['b', 1, 1],
      ]);
      expect(await groups({ by: 'operation', agentExact: 'a' })).toEqual([
        ['read', 52, 0.0962],
        ['render', 52, 0.0962],
      ]);
      expect(await groups({ by: 'status' })).toEqual([
        ['completed', 94, 0],
        ['failed', 11, 1],
      ]);
      expect(await groups({ by: 'status', table: 'receipts', until: '2026-01-29 18:00' })).toEqual([
        ['success', 4, 0],
        ['error', 1, 1],
      ]);
      const days = await db.timeSeries({ bucket: 'day', period: 'last-7-days' });
      expect(days.series[0]?.steps.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0, 0, 0, 108]);
      expect((await db.timeSeries({ by: 'agent', until: '2026-01-01', since: '2025-12-01' })).series).toEqual(
        [],
      );
      await refused(
        db.timeSeries({ by: 'operation', table: 'receipts' }),
        'INVALID_ARGUMENT',
        /no operation/,
      );
      await refused(db.timeSeries({ bucket: 'week' as never }), 'INVALID_ARGUMENT', /bucket/);
      await refused(db.timeSeries({ by: 'type' as never }), 'INVALID_ARGUMENT', /by/);
      await refused(db.timeSeries({ period: 'today' as never }), 'INVALID_ARGUMENT', /period/);
      await refused(db.timeSeries({ since: '1h', until: '2h' }), 'INVALID_ARGUMENT', /since/);
      await refused(db.timeSeries({ since: '2020-01-01', bucket: 'hour' }), 'INVALID_ARGUMENT', /steps/);
    },
  },
];
