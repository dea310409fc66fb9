import {
  ANALYTICS_PERIODS,
  TIME_BUCKETS,
  TIME_SERIES_GROUPS,
  type TimeSeriesNumbers,
  type TimeSeriesReport,
} from '@ggen-sim/core';
import { defineCommand, type Command } from '../command.ts';
import { AGENT_EXACT, agentPattern, agentsOf } from '../agent-selection.ts';
import { UsageError } from '../failures.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { choice, optionalChoice, optionalText } from '../parameters.ts';
import { reportFormat, writeReport } from '../output/reports.ts';

export const analytics: Command = defineCommand({
  name: 'db analytics',
  summary: 'Show statistics per agent and per receipt status, or over time',
  notes:
    'With --bucket or --by, prints a time series instead: counts, share of failures, rate per hour and percentiles of the ' +
    'durations (within 1 %), for every hour or day of the period in UTC, also for those without rows, and for the period of ' +
    'the same length before. It counts audited operations that have ended; --table receipts counts executions.',
  database: 'existing',
  positionals: {
    agent: agentPattern(),
    period: choice(ANALYTICS_PERIODS, {
      default: 'last-7-days',
      description: 'time span, counted back from now',
    }),
  },
  options: {
    ...AGENT_EXACT,
    bucket: optionalChoice(TIME_BUCKETS, { description: 'length of the steps of a time series' }),
    by: optionalChoice(TIME_SERIES_GROUPS, { description: 'a time series for each of these' }),
    table: choice(['audit', 'receipts'], { default: 'audit', description: 'rows of the time series' }),
    since: optionalText({
      placeholder: 'TIME',
      description:
        'time series: beginning of the period, instead of PERIOD: a date, a time, or a span such as 2h',
    }),
    until: optionalText({
      placeholder: 'TIME',
      description: 'time series: end of the period (default: now)',
    }),
    format: reportFormat(),
  },
  examples: [
    `ggen-sim db analytics "%" "last-7-days" | jq '.agent_metrics[] | {agent_id, total_operations}'`,
    `ggen-sim db analytics "validator-*" "last-30-days" | jq '.receipt_statistics'`,
    'ggen-sim db analytics --bucket hour --by operation --since 1d --format table',
  ],
  async run({ agent, agentExact, period, format, bucket, by, table, since, until }, context) {
    const agents = agentsOf(agent, agentExact);
    const isSeries = bucket !== undefined || by !== undefined;
    if (!isSeries && (since !== undefined || until !== undefined || table !== 'audit')) {
      throw new UsageError('--since, --until and --table need --bucket or --by', 'Give one of these');
    }
    await using database = await context.openDatabase('brief');
    if (isSeries) {
      const report = await database.timeSeries({
        ...agents,
        ...omitUndefined({ bucket, by, since, until }),
        period,
        table: table === 'audit' ? 'audit_log' : 'receipts',
      });
      await writeReport(format === 'json' ? report : listed(report), format, context);
      return;
    }
    await writeReport(await database.analytics({ ...agents, period }), format, context);
  },
});

/** Lists the totals and the steps of all series, for tables. */
function listed({ series, ...report }: TimeSeriesReport): object {
  const rowOf = (group: string | null, time: string, numbers: TimeSeriesNumbers): object => ({
    group: group ?? 'all',
    time,
    count: numbers.count,
    failed: numbers.failed,
    errorShare: numbers.errorShare,
    ratePerHour: numbers.ratePerHour,
    p50DurationMs: numbers.p50DurationMs,
    p95DurationMs: numbers.p95DurationMs,
    p99DurationMs: numbers.p99DurationMs,
  });
  const totals = series.flatMap(({ group, total, before }) => [
    rowOf(group, 'period', total),
    rowOf(group, 'before', before),
  ]);
  const steps = series.flatMap(({ group, steps: own }) => own.map((step) => rowOf(group, step.start, step)));
  return { ...report, totals, ...(report.bucket === null ? {} : { steps }) };
}
