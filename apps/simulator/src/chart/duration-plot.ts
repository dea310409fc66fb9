import { showTime } from '@ggen-sim/core';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatDuration, toMilliseconds } from '../components/format.ts';
import { printable } from '../components/printable.ts';
import { durationRange, markName, namedMarks } from './duration-marks.ts';
import { AXIS_FONT, keepPlot, themeColours, widthOfLabels } from './kept-plot.ts';

/** A run in the chart. */
export interface ChartedRun {
  readonly status: string;
  readonly agentId: string;
  readonly errorReason: string | undefined;
  /** UTC `YYYY-MM-DD HH:MM:SS`. */
  readonly createdAt: string;
  readonly durationMs: number | bigint | null;
}

/** A rendered chart. */
export interface DurationPlot {
  show(runs: readonly ChartedRun[]): void;
  /** Ends the enlargement of a range. */
  showAll(): void;
  destroy(): void;
}

/** The series in drawing order: errors last, on top of the others. */
const SERIES: readonly { readonly status: string; readonly colour: string }[] = [
  { status: 'success', colour: '--success' },
  { status: 'partial', colour: '--warning' },
  { status: 'error', colour: '--error' },
];

/** `Distr.Logarithmic`, whose enum exists for the compiler only. */
// oxlint-disable-next-line typescript/no-unsafe-enum-assignment
const LOGARITHMIC = 3 as uPlot.Scale.Distr;

/** Shorter runs count as this: a logarithmic scale has no zero. */
const LEAST_MS = 1;

const HEIGHT_PX = 150;
/** Minimum number of bar slots, so that few runs get slim bars instead of filling the width. */
const MIN_SLOTS = 24;

/**
 * Draws durations as bars, one per run, in the order in which the runs ended. Runs come in bursts, and on a time axis
 * the bars of a burst would overlap; the labels give the time. A failed run also has a cross, so that its colour is not
 * the only sign.
 *
 * @param onSelect - called with the index of a clicked run
 * @param onEnlarge - called with true when the user has marked a range, which is enlarged, and with false when all is shown
 */
export function createDurationPlot(
  host: HTMLElement,
  onSelect: (index: number) => void,
  onEnlarge: (isEnlarged: boolean) => void,
): DurationPlot {
  let runs: readonly ChartedRun[] = [];
  let isEnlarged = false;
  const kept = keepPlot(host, HEIGHT_PX, make);

  function make(): uPlot {
    const colour = themeColours(host, ['--muted', '--line', '--success', '--warning', '--error']);
    const axis: uPlot.Axis = {
      stroke: colour('--muted'),
      font: AXIS_FONT,
      ticks: { show: false },
      grid: { stroke: colour('--line'), width: 1 },
    };
    const options: uPlot.Options = {
      width: host.clientWidth,
      height: HEIGHT_PX,
      padding: [14, 26, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, dist: 8 }, points: { show: false } },
      scales: {
        // The data begins at 0, or there is none yet; a range that is marked begins elsewhere.
        x: { time: false, range: (_, min, max) => (min ? [min, max] : allSlots(max ?? 0)) },
        // On a linear scale, one run of a day would make all others look like nothing.
        y: { distr: LOGARITHMIC, log: 10, range: (_, min, max) => durationRange(min, max) },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 76,
          size: 30,
          gap: 10,
          incrs: [1, 2, 5, 10, 20, 30, 50],
          values: (_, slots) => slots.map((slot) => timeLabel(runs, slot)),
        },
        {
          ...axis,
          size: widthOfLabels,
          // uPlot would leave out what is no power of ten.
          filter: (_, splits) => splits,
          splits: (_, __, min, max) => namedMarks(min, max),
          values: (_, values) => values.map(markName),
        },
      ],
      series: [
        {},
        ...SERIES.map(({ status, colour: name }) => ({
          label: status,
          fill: colour(name),
          stroke: colour(name),
          width: 0,
          fillTo: (plotted: uPlot) => plotted.scales['y']?.min ?? 1,
          points: { show: false },
          paths: barsOf(),
        })),
      ],
      hooks: {
        setCursor: [(moved) => showTip(moved, runs)],
        setScale: [
          ({ scales }, key) => {
            if (key !== 'x') return;
            const [from, to] = allSlots(runs.length - 1);
            const { min = from, max = to } = scales['x'] ?? {};
            isEnlarged = max - min < to - from - 0.01;
            onEnlarge(isEnlarged);
          },
        ],
        draw: [(drawn) => markFailures(drawn, runs, colour('--error'))],
      },
    };
    const made = new uPlot(options, dataOf(runs), host);
    const tip = document.createElement('div');
    tip.className = 'runs-chart__tip';
    tip.hidden = true;
    made.over.append(tip);
    made.over.addEventListener('click', () => {
      const { idx } = made.cursor;
      if (typeof idx === 'number') onSelect(idx);
    });
    return made;
  }

  return {
    show(next) {
      runs = next;
      const plot = kept.current();
      // New runs must not end what the user has enlarged.
      plot.setData(dataOf(runs), !isEnlarged);
      if (isEnlarged) plot.redraw();
    },
    showAll: () => kept.current().setData(dataOf(runs)),
    destroy: kept.destroy,
  };
}

/** The range of the axis that has all slots. @param last - index of the last run */
function allSlots(last: number): [number, number] {
  return [-0.6, Math.max(last, MIN_SLOTS - 1) + 0.6];
}

function barsOf(): uPlot.Series.PathBuilder {
  const { bars } = uPlot.paths;
  if (!bars) throw new Error('uPlot was built without bars');
  return bars({ size: [0.72, 18, 2], radius: 0.1 });
}

/** Returns one row of values per series. A run has a value in one series and `null` in the others. */
function dataOf(runs: readonly ChartedRun[]): uPlot.AlignedData {
  return [
    runs.map((_, index) => index),
    ...SERIES.map(({ status }) =>
      runs.map((run) => (run.status === status ? Math.max(toMilliseconds(run.durationMs), LEAST_MS) : null)),
    ),
  ];
}

/** Labels a run by its time, and by its date where the runs are of several days. */
function timeLabel(runs: readonly ChartedRun[], slot: number): string {
  const run = runs[slot];
  if (run === undefined) return '';
  const shown = showTime(run.createdAt);
  const isOneDay =
    showTime(runs[0]?.createdAt).slice(0, 10) === showTime(runs.at(-1)?.createdAt).slice(0, 10);
  return isOneDay ? shown.slice(11) : shown.slice(5, 16);
}

/** Shows the run under the pointer: its outcome, agent, duration and time. */
function showTip(plot: uPlot, runs: readonly ChartedRun[]): void {
  const tip = plot.over.querySelector<HTMLElement>('.runs-chart__tip');
  const { idx, left = -1 } = plot.cursor;
  const run = typeof idx === 'number' && left >= 0 ? runs[idx] : undefined;
  if (!tip) return;
  tip.hidden = run === undefined;
  if (run === undefined) return;
  const agent = printable(run.agentId).slice(0, 60);
  tip.textContent = `${run.errorReason ?? printable(run.status)}, ${formatDuration(run.durationMs)}, \u2068${agent}\u2069, ${showTime(run.createdAt)} UTC`;
  const room = plot.over.clientWidth - tip.offsetWidth;
  tip.style.translate = `${Math.max(0, Math.min(room, left - tip.offsetWidth / 2))}px 0`;
}

function markFailures(plot: uPlot, runs: readonly ChartedRun[], colour: string): void {
  const { ctx } = plot;
  const arm = 3 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.beginPath();
  for (const [index, run] of runs.entries()) {
    if (run.status !== 'error') continue;
    const x = plot.valToPos(index, 'x', true);
    const y = plot.valToPos(Math.max(toMilliseconds(run.durationMs), LEAST_MS), 'y', true) - 2 * arm;
    ctx.moveTo(x - arm, y - arm);
    ctx.lineTo(x + arm, y + arm);
    ctx.moveTo(x + arm, y - arm);
    ctx.lineTo(x - arm, y + arm);
  }
  ctx.stroke();
  ctx.restore();
}
