/* Draws every chart of the report: rows across, cost up, both by powers of ten. `charts` is the report's own data. */
const ink = (name) => {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};
// Eight hues told apart in light and dark; ours are solid, peers dashed, so that colour alone says nothing.
const dark = matchMedia('(prefers-color-scheme: dark)').matches;
const hues = dark
  ? ['#3987e5', '#d95926', '#199e70', '#c98500', '#d55181', '#9085e9', '#e66767', '#008300']
  : ['#2a78d6', '#eb6834', '#1baf7a', '#eda100', '#e87ba4', '#4a3aa7', '#e34948', '#008300'];

const plain = (value) =>
  value === null || value === undefined ? '–' : Number(value.toPrecision(3)).toLocaleString('en-US');

for (const { element, rowCounts, unit, lines } of charts) {
  const target = document.getElementById(element);
  let plot;
  const draw = () => {
    plot?.destroy();
    const grid = { stroke: ink('--line'), width: 1 };
    const axis = { stroke: ink('--quiet'), grid, ticks: grid, font: '12px system-ui' };
    plot = new uPlot(
      {
        width: Math.min(target.clientWidth || 800, 900),
        height: 320,
        scales: { x: { time: false, distr: 3 }, y: { distr: 3 } },
        axes: [
          { ...axis, splits: () => rowCounts, values: (_, splits) => splits.map((rows) => plain(rows)) },
          {
            ...axis,
            size: 70,
            values: (_, splits) => splits.map((value) => (value === null ? '' : plain(value))),
          },
        ],
        series: [
          { label: 'rows', value: (_, value) => plain(value) },
          ...lines.map(({ title, ours }, index) => ({
            label: `${title}, ${unit}`,
            stroke: hues[index % hues.length],
            width: ours ? 2.5 : 1.5,
            dash: ours ? undefined : index < hues.length ? [8, 4] : [2, 4],
            points: { show: true, size: ours ? 8 : 6 },
            spanGaps: true,
            value: (_, value) => plain(value),
          })),
        ],
      },
      [rowCounts, ...lines.map(({ medians }) => medians)],
      target,
    );
  };
  draw();
  addEventListener('resize', draw);
}
