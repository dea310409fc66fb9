import type uPlot from 'uplot';

/** Font of the labels of axes. */
export const AXIS_FONT = '11px system-ui, sans-serif';

/** A chart that stays drawn while its element and the theme change. */
export interface KeptPlot {
  readonly current: () => uPlot;
  readonly destroy: () => void;
}

/**
 * Keeps a chart as wide as its element and in the colours of the theme.
 *
 * @param make - draws the chart with its data, in the colours of the current theme
 */
export function keepPlot(host: HTMLElement, heightPx: number, make: () => uPlot): KeptPlot {
  let plot = make();
  const redraw = (): void => {
    const { min, max } = plot.scales['x'] ?? {};
    plot.destroy();
    plot = make();
    // What is enlarged stays enlarged.
    if (typeof min === 'number' && typeof max === 'number') plot.setScale('x', { min, max });
  };
  // A canvas is drawn, not styled, so a change of theme needs a redraw.
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  dark.addEventListener('change', redraw);
  const size = new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: heightPx }));
  size.observe(host);
  return {
    current: () => plot,
    destroy() {
      theme.disconnect();
      size.disconnect();
      dark.removeEventListener('change', redraw);
      plot.destroy();
    },
  };
}

/** Resolves the current theme's colours, because a canvas does not support `light-dark()`. */
export function themeColours(host: HTMLElement, names: readonly string[]): (name: string) => string {
  const probe = document.createElement('span');
  host.append(probe);
  const found = new Map<string, string>();
  for (const name of names) {
    probe.style.color = `var(${name})`;
    found.set(name, getComputedStyle(probe).color);
  }
  probe.remove();
  return (name) => found.get(name) ?? 'currentcolor';
}

/** Gap between a label and the plot, in CSS pixels. */
export const LABEL_GAP_PX = 10;

/** Makes the axis as wide as its widest label: `20,000,000` is wider than `10 s`. */
export function widthOfLabels(plot: uPlot, labels: string[] | null): number {
  const { ctx } = plot;
  ctx.save();
  // The font of an axis in the chart's own pixels.
  ctx.font = AXIS_FONT;
  const widest = Math.max(0, ...(labels ?? []).map((label) => ctx.measureText(label).width));
  ctx.restore();
  return Math.ceil(widest) + LABEL_GAP_PX;
}
