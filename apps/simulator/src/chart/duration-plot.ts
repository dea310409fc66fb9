import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatDuration } from '../components/format.ts';

/** A run as the chart shows it. */
export interface ChartedRun {
  readonly receiptId: string;
  readonly status: string;
  /** UTC `YYYY-MM-DD HH:MM:SS`. */
  readonly createdAt: string;
  readonly durationMs: number;
}

/** A chart on the screen. */
export interface DurationPlot {
  show(runs: readonly ChartedRun[]): void;
  destroy(): void;
}

/** The series, in the order they are drawn: errors last, over everything. */
const SERIES: readonly { readonly status: string; readonly colour: string }[] = [
  { status: 'success', colour: '--success' },
  { status: 'partial', colour: '--warning' },
  { status: 'error', colour: '--error' },
];

const HEIGHT_PX = 150;
/** Few runs get slim bars instead of filling the width. */
const LEAST_PLACES = 24;

/**
 * Draws durations as bars, one a run, in the order the runs ended: runs come in bursts, and on a time axis those of one
 * burst would lie on each other. The labels say when. A failed run also carries a cross, so that it is not told by its
 * colour alone.
 *
 * @param onChoose - called with the index of a run somebody clicked
 */
export function createDurationPlot(host: HTMLElement, onChoose: (index: number) => void): DurationPlot {
  let runs: readonly ChartedRun[] = [];
  let plot = make();
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const redraw = (): void => {
    plot.destroy();
    plot = make();
    plot.setData(dataOf(runs));
  };
  // Colours are drawn, not styled: another theme needs another drawing.
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  dark.addEventListener('change', redraw);
  const size = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: HEIGHT_PX }));
  size.observe(host);

  function make(): uPlot {
    const colour = colours(host);
    const axis: uPlot.Axis = {
      stroke: colour('--muted'),
      font: '11px system-ui, sans-serif',
      ticks: { show: false },
      grid: { stroke: colour('--line'), width: 1 },
    };
    const options: uPlot.Options = {
      width: host.clientWidth,
      height: HEIGHT_PX,
      padding: [14, 26, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
      scales: {
        x: { time: false, range: (_, __, max) => [-0.6, Math.max(max ?? 0, LEAST_PLACES - 1) + 0.6] },
        y: { range: (_, __, max) => [0, Math.max(max ?? 0, 1) * 1.08] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          space: 76,
          size: 26,
          incrs: [1, 2, 5, 10, 20, 30, 50],
          values: (_, places) => places.map((place) => runs[place]?.createdAt.slice(11) ?? ''),
        },
        { ...axis, size: 64, space: 34, values: (_, values) => values.map((value) => formatDuration(value)) },
      ],
      series: [
        {},
        ...SERIES.map(({ status, colour: name }) => ({
          label: status,
          fill: colour(name),
          stroke: colour(name),
          width: 0,
          points: { show: false },
          paths: barsOf(),
        })),
      ],
      hooks: { draw: [(drawn) => markFailures(drawn, runs, colour('--error'))] },
    };
    const made = new uPlot(options, dataOf(runs), host);
    made.over.addEventListener('click', () => {
      const { idx } = made.cursor;
      if (typeof idx === 'number') onChoose(idx);
    });
    return made;
  }

  return {
    show(next) {
      runs = next;
      plot.setData(dataOf(runs));
    },
    destroy() {
      theme.disconnect();
      size.disconnect();
      dark.removeEventListener('change', redraw);
      plot.destroy();
    },
  };
}

function barsOf(): uPlot.Series.PathBuilder {
  const { bars } = uPlot.paths;
  if (!bars) throw new Error('this build of the chart library has no bars');
  return bars({ size: [0.72, 18, 2], radius: 0.1 });
}

/** One row of values for each series; a run is in one of them and missing from the others. */
function dataOf(runs: readonly ChartedRun[]): uPlot.AlignedData {
  return [
    runs.map((_, index) => index),
    ...SERIES.map(({ status }) =>
      runs.map((run) => (run.status === status ? Math.max(run.durationMs, 0) : null)),
    ),
  ];
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
    const y = plot.valToPos(run.durationMs, 'y', true) - 2 * arm;
    ctx.moveTo(x - arm, y - arm);
    ctx.lineTo(x + arm, y + arm);
    ctx.moveTo(x + arm, y - arm);
    ctx.lineTo(x - arm, y + arm);
  }
  ctx.stroke();
  ctx.restore();
}

/** Reads colours as they are in the theme shown now. A canvas does not know `light-dark()`. */
function colours(host: HTMLElement): (name: string) => string {
  const probe = document.createElement('span');
  host.append(probe);
  const found = new Map<string, string>();
  for (const name of ['--muted', '--line', '--success', '--warning', '--error']) {
    probe.style.color = `var(${name})`;
    found.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return (name) => found.get(name) ?? 'currentcolor';
}
