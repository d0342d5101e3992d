/* The script of the page: draws what charts.ts made with uPlot, which the page holds as `uPlot`. Runs in a browser. */

const groups = JSON.parse(document.getElementById('charts').textContent);
const darkness = matchMedia('(prefers-color-scheme: dark)');

for (const group of groups) show(document.querySelector(`figure[data-chart="${group.id}"]`), group);

/** Draws a figure, and again when the reader chooses another chart, the colours or the width change. */
function show(figure, { charts }) {
  const place = figure.querySelector('.plot');
  const select = figure.querySelector('select');
  let plot;
  const draw = () => {
    plot?.destroy();
    const chart = charts[select?.selectedIndex ?? 0];
    const legend = legendOf(chart, (series, shown) => plot.setSeries(series + 1, { show: shown }));
    figure.querySelector('.legend').replaceChildren(...legend.items);
    plot = new uPlot(optionsOf(chart, legend, sizeOf(place)), dataOf(chart), place);
  };
  draw();
  select?.addEventListener('change', draw);
  darkness.addEventListener('change', draw);
  new ResizeObserver(() => plot.setSize(sizeOf(place))).observe(place);
}

function sizeOf(place) {
  return { width: place.clientWidth, height: Math.round(Math.min(320, Math.max(220, place.clientWidth * 0.5))) };
}

/** uPlot wants one list of x for all series. */
function dataOf({ series }) {
  return uPlot.join(series.map(({ x, y }) => [x, y]));
}

/** A box to tick for each series, which also says its value under the pointer. */
function legendOf(chart, onToggle) {
  const values = [];
  const items = chart.series.map((series, i) => {
    const item = document.createElement('label');
    item.className = `series-${series.colour}`;
    const box = document.createElement('input');
    box.type = 'checkbox';
    box.checked = series.shown;
    box.addEventListener('change', () => {
      series.shown = box.checked;
      onToggle(i, box.checked);
    });
    const swatch = document.createElement('i');
    swatch.className = series.look === 'reference' ? 'dash' : 'dot';
    const value = document.createElement('output');
    values.push(value);
    item.append(box, swatch, series.name, ' ', value);
    return item;
  });
  return { items, values };
}

function optionsOf(chart, legend, size) {
  const look = getComputedStyle(document.documentElement);
  return {
    ...size,
    legend: { show: false },
    cursor: { drag: { x: true, y: false }, points: { size: 8 } },
    scales: {
      x: { time: false, ...(chart.x.range && { range: chart.x.range }) },
      y: { range: chart.y.range ?? ((_, __, highest) => [0, Math.max(1e-9, highest) * 1.08]) },
    },
    axes: [axisOf(chart.x, look, 30), axisOf(chart.y, look, 42)],
    series: [{}, ...chart.series.map((series) => lineOf(series, look))],
    hooks: {
      setCursor: [
        ({ cursor: { idx }, data }) => {
          for (const [i, value] of legend.values.entries()) value.textContent = valueAt(data[i + 1], idx);
        },
      ],
    },
  };
}

function valueAt(values, index) {
  const value = values[index ?? -1];
  return value === undefined || value === null ? '' : Number(value.toPrecision(3)).toLocaleString('en');
}

function axisOf({ label, whole }, look, size) {
  const line = { stroke: look.getPropertyValue('--line'), width: 1 };
  const font = '12px system-ui, sans-serif';
  const text = { font, labelFont: font, labelSize: 18, stroke: look.getPropertyValue('--muted') };
  const steps = whole && { incrs: [1, 10, 100, 1000].flatMap((power) => [power, 2 * power, 5 * power]) };
  return { label, size, ...text, ...steps, grid: line, ticks: { ...line, size: 5 } };
}

function lineOf({ name, colour, look: kind, shown }, look) {
  const stroke = look.getPropertyValue(`--series-${colour}`);
  const line = { label: name, stroke, show: shown, spanGaps: true, width: 2 };
  if (kind === 'reference') return { ...line, width: 1, dash: [6, 5], points: { show: false } };
  if (kind === 'steps')
    return { ...line, width: 1.5, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } };
  return { ...line, points: { show: true, size: 7, fill: stroke } };
}
