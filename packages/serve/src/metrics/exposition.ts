/** Metrics as text (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4). */

/** Content type of the text. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Values of labels by name. An empty one is the same as none. */
export type Labels = Readonly<Record<string, string>>;

/** A metric with all its samples. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A value. */
export interface Sample {
  /** What follows the name of the metric: `_bucket`, `_sum` or `_count` of a histogram. @default nothing */
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** A histogram as the database counts it. */
export interface Histogram {
  /** Number of values up to each bound, in the order of the bounds. */
  readonly upTo: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** Makes the samples of a histogram. */
export function histogramSamples(bounds: readonly number[], labels: Labels, histogram: Histogram): Sample[] {
  const { upTo, count, sum } = histogram;
  return [
    ...bounds.map((bound, index) => ({
      suffix: '_bucket',
      labels: { ...labels, le: String(bound) },
      value: upTo[index] ?? 0,
    })),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ];
}

/** Writes metrics as text. One without samples is left out. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) =>
      [
        `# HELP ${name} ${help.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`)}\n`,
        `# TYPE ${name} ${type}\n`,
        ...samples.map(
          ({ suffix = '', labels = {}, value }) =>
            `${name}${suffix}${labelText(labels)} ${valueText(value)}\n`,
        ),
      ].join(''),
    )
    .join('');
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join()}}`;
}

function escaped(value: string): string {
  return value
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('"', String.raw`\"`)
    .replaceAll('\n', String.raw`\n`);
}

function valueText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
