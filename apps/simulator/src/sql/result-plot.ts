import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { AXIS_FONT, keepPlot, themeColours, widthOfLabels } from '../chart/kept-plot.ts';
import { shortId } from '../components/format.ts';
import { printable } from '../components/printable.ts';
import type { ChartData } from './chart-data.ts';
import { LINE_STYLES } from './line-styles.ts';

const HEIGHT_PX = 280;
const LABEL_CHARACTERS = 14;
/** Room beside the first and the last row, in rows. */
const ROW_MARGIN = 0.6;
/** Room beside a single time, in seconds. */
const TIME_MARGIN_SECONDS = 43_200;
/** Least distance between two labels, in pixels: the width of the longest, and some room. */
const LABEL_SPACE_PX = 96;
/** Of rounded numbers, so much is all. */
const WHOLE_PART = 0.999_999;
/** Of more points, the line is enough. */
const DOTTED_POINTS = 60;

/** A drawn chart. */
export interface ResultPlot {
  /** Ends the enlargement of a range. */
  showAll(): void;
  destroy(): void;
}

/**
 * Draws the rows of a query: bars for one column of numbers by names, lines otherwise. A range that is marked with the
 * pointer is enlarged; a double click shows all.
 *
 * @param onPoint - called with the index of the row under the pointer, or undefined
 * @param onEnlarge - called with true when a range is enlarged, and with false when all is shown
 */
export function drawResult(
  host: HTMLElement,
  { axis, series }: ChartData,
  onPoint: (index: number | undefined) => void,
  onEnlarge: (isEnlarged: boolean) => void,
): ResultPlot {
  const data: uPlot.AlignedData = [[...axis.values], ...series.map(({ values }) => [...values])];
  const isSingle = axis.values.at(-1) === axis.values[0];
  const margin =
    axis.kind === 'rows' ? ROW_MARGIN : axis.kind === 'time' && isSingle ? TIME_MARGIN_SECONDS : 0;
  const wholeWidth = (axis.values.at(-1) ?? 0) - (axis.values[0] ?? 0) + 2 * margin;
  const names = ['--line', ...LINE_STYLES.map(({ colour }) => colour)];
  const isBars = axis.kind === 'rows' && series.length === 1;
  const make = (): uPlot => {
    const colour = themeColours(host, names);
    const axisStyle: uPlot.Axis = {
      stroke: colour('--muted'),
      font: AXIS_FONT,
      ticks: { show: false },
      grid: { stroke: colour('--line'), width: 1 },
    };
    const bars = uPlot.paths.bars;
    const options: uPlot.Options = {
      width: host.clientWidth,
      height: HEIGHT_PX,
      padding: [12, 16, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false } },
      // Times are UTC everywhere in the page.
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
      scales: {
        x: {
          time: axis.kind === 'time',
          ...(margin > 0 && {
            // Of a single time, uPlot gives an end that is years later.
            range: (_: uPlot, min: number, max: number): uPlot.Range.MinMax => [
              min - margin,
              (isSingle ? min : max) + margin,
            ],
          }),
        },
        y: { range: (_, min, max) => rangeWithZero(min, max) },
      },
      axes: [
        {
          ...axisStyle,
          grid: { show: false },
          ...(axis.kind === 'time' && {
            space: LABEL_SPACE_PX,
            values: (_: uPlot, seconds: number[]) => timeLabels(seconds),
          }),
          ...(axis.kind === 'rows' && {
            space: LABEL_SPACE_PX,
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000],
            values: (_: uPlot, slots: number[]) =>
              slots.map((slot) => printable(shortId(axis.labels[slot] ?? '', LABEL_CHARACTERS))),
          }),
        },
        { ...axisStyle, size: widthOfLabels },
      ],
      series: [
        {},
        ...series.map(({ name }, index): uPlot.Series => {
          const style = LINE_STYLES[index];
          return {
            label: name,
            stroke: colour(style?.colour ?? ''),
            ...(isBars && bars
              ? { fill: colour(style?.colour ?? ''), width: 0, paths: bars({ size: [0.7, 48, 1] }) }
              : { width: 1.5, dash: [...(style?.dash ?? [])] }),
            points: { show: !isBars && axis.values.length <= DOTTED_POINTS, size: 5 },
          };
        }),
      ],
      hooks: {
        setScale: [
          ({ scales }, key) => {
            const { min = 0, max = 0 } = scales['x'] ?? {};
            if (key === 'x') onEnlarge(max - min < wholeWidth * WHOLE_PART);
          },
        ],
        setCursor: [
          ({ cursor: { idx, left = -1 } }) => onPoint(left >= 0 && typeof idx === 'number' ? idx : undefined),
        ],
      },
    };
    return new uPlot(options, data, host);
  };
  const { current, destroy } = keepPlot(host, HEIGHT_PX, make);
  return { showAll: () => current().setData(data), destroy };
}

/** Bars and shares are read from zero. */
function rangeWithZero(min: number | null, max: number | null): uPlot.Range.MinMax {
  const [low, high] = [Math.min(0, (min ?? 0) * 1.1), Math.max(0, (max ?? 0) * 1.1)];
  return low === high ? [0, 1] : [low, high];
}

/** Labels times by their day, their time, or both, as far as they differ. */
function timeLabels(seconds: readonly number[]): string[] {
  const times = seconds.map((second) => new Date(second * 1000).toISOString());
  const days = new Set(times.map((time) => time.slice(0, 10)));
  if (times.every((time) => time.slice(11, 19) === '00:00:00')) {
    const years = new Set(times.map((time) => time.slice(0, 4)));
    return times.map((time) => time.slice(years.size > 1 ? 0 : 5, 10));
  }
  if (days.size === 1) return times.map((time) => time.slice(11, 19));
  return times.map((time) => `${time.slice(5, 10)} ${time.slice(11, 16)}`);
}
