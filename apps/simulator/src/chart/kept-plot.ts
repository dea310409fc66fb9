import type uPlot from 'uplot';

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
    plot.destroy();
    plot = make();
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
