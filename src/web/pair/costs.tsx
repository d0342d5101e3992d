import { type ModelPassCosts, type PassCosts, passMs } from '../pass-costs.js';
import { type Line, Plot } from '../plot/plot.js';
import { Scrolling } from '../scrolling.js';

const COLOURS = ['accent', 'bonus', 'recovered', 'plain'] as const;
const SHOWN_ROWS = [1, 2, 4, 8, 16];

interface Props {
  readonly target: string;
  readonly costs: PassCosts;
}

/** T(n): what a pass of n rows takes, which is what decides how long drafts should be. */
export function Costs({ target, costs }: Props) {
  const curves: readonly (readonly [name: string, curve: ModelPassCosts])[] = [
    [target, costs.target],
    ...Object.entries(costs.drafts),
  ];
  const rows = [...new Set(curves.flatMap(([, { points }]) => points.map((point) => point.rows)))].sort(
    (a, b) => a - b,
  );
  const lines = curves.map(([name, { points }], index): Line => {
    const known = new Map(points.map((point) => [point.rows, point.ms]));
    const colour = COLOURS[index % COLOURS.length]!;
    return { label: name, colour, look: 'measured', values: rows.map((count) => known.get(count) ?? null) };
  });
  return (
    <div class="plots">
      <Plot
        title="T(n), what a pass of n rows takes"
        about="Milliseconds, measured at load and corrected by every pass since"
        latest="none"
        x={rows}
        xLabel="rows"
        lines={lines}
      />
      <Scrolling label="What passes take">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Rows</th>
              {curves.map(([name]) => (
                <th scope="col" key={name} colSpan={2}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {SHOWN_ROWS.map((count) => (
              <tr key={count}>
                <th scope="row">{count}</th>
                {curves.map(([name, curve]) => (
                  <Cost key={name} curve={curve} rows={count} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </div>
  );
}

function Cost({ curve, rows }: { readonly curve: ModelPassCosts; readonly rows: number }) {
  const ms = passMs(curve, rows, 0);
  return (
    <>
      <td>{ms.toFixed(2)} ms</td>
      <td class="soft">{(ms / passMs(curve, 1, 0)).toFixed(2)} T(1)</td>
    </>
  );
}
