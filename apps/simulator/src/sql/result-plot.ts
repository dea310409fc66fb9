import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { AXIS_FONT, keepPlot, LABEL_GAP_PX, themeColours, widthOfLabels } from '../chart/kept-plot.ts';
import { shortId } from '../components/format.ts';
import { printable } from '../components/printable.ts';
import { isDrawnAsBars, type ChartData } from './chart-data.ts';
import { LINE_STYLES } from './line-styles.ts';

const HEIGHT_PX = 280;
/** A longer name is cut before it is measured. */
const LABEL_CHARACTERS = 40;
/** Room beside the first and the last row, in rows. */
const ROW_MARGIN = 0.6;
/** Room beside a single time, in seconds. */
const TIME_MARGIN_SECONDS = 43_200;
/** Least distance between two times, in pixels: the width of the longest, and some room. */
const TIME_SPACE_PX = 96;
/** Least distance between two names in pixels where each row has room for its own, which is cut to it. */
const OWN_NAME_SPACE_PX = 56;
/** Least distance between two names in pixels where some are left out: the others need not be cut as much. */
const SOME_NAMES_SPACE_PX = 96;
/** Room between two names, in pixels. */
const NAME_GAP_PX = 8;
/** Room at the ends of the horizontal axis, in pixels: half of the longest label, which would be cut. */
const END_SPACE_PX = 36;
/** Height of the horizontal axis, and what keeps its first label apart from the lowest of the vertical one. */
const X_AXIS = { size: 34, gap: 10 } as const;
/** Steps between whole numbers: between 0 and 1 error there is nothing. */
const WHOLE_STEPS = Array.from({ length: 16 }, (_, power) =>
  [1, 2, 5].map((step) => step * 10 ** power),
).flat();
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
  const isBars = isDrawnAsBars({ axis, series });
  const isWhole = series.every(({ values }) => values.every((value) => Number.isSafeInteger(value ?? 0)));
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
      padding: [12, END_SPACE_PX, 0, 0],
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
          ...X_AXIS,
          grid: { show: false },
          // Of a single time, the room beside it needs no labels.
          ...(axis.kind === 'time' && isSingle && { splits: () => [axis.values[0] ?? 0] }),
          ...(axis.kind === 'time' && {
            space: TIME_SPACE_PX,
            values: (_: uPlot, seconds: number[]) => timeLabels(seconds),
          }),
          ...(axis.kind === 'rows' && {
            space: (_: uPlot, __: number, from: number, to: number, widthPx: number) =>
              widthPx / (to - from) >= OWN_NAME_SPACE_PX ? OWN_NAME_SPACE_PX : SOME_NAMES_SPACE_PX,
            incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000],
            values: (plot: uPlot, slots: number[], _: number, spacePx: number, step: number) => {
              const widthPx = (step > 1 ? SOME_NAMES_SPACE_PX : spacePx) - NAME_GAP_PX;
              return slots.map((slot) => fitted(plot, axis.labels[slot] ?? '', widthPx));
            },
          }),
        },
        {
          ...axisStyle,
          size: (plot, labels) => Math.max(END_SPACE_PX, widthOfLabels(plot, labels)),
          ...(isWhole && { incrs: WHOLE_STEPS }),
        },
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

/** Cuts a name to a width. Characters differ: an emoji may be as wide as ten others. */
function fitted(plot: uPlot, name: string, widthPx: number): string {
  let length = LABEL_CHARACTERS;
  let text = printable(shortId(name, length));
  while (length > 1 && widthOfLabels(plot, [text]) - LABEL_GAP_PX > widthPx) {
    length -= 1;
    text = printable(shortId(name, length));
  }
  return text;
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
  // A time alone says nothing of its day.
  if (days.size === 1 && times.length > 1) return times.map((time) => time.slice(11, 19));
  return times.map((time) => `${time.slice(5, 10)} ${time.slice(11, 16)}`);
}
