import { useEffect, useState } from 'preact/hooks';
import type { Route } from '../chat/frames.js';
import type { LiveRequest, LiveSeries } from '../live/window.js';
import { usePage } from '../page.js';
import { Plot } from '../plot/plot.js';
import { Scrolling } from '../scrolling.js';
import { useStore } from '../store.js';
import { Tile } from '../tile.js';

/** How often the charts are drawn again while something runs, in milliseconds. */
const DRAW_MS = 250;
const WINDOWS = [
  { seconds: 30, name: '30 seconds' },
  { seconds: 120, name: '2 minutes' },
  { seconds: 300, name: '5 minutes' },
] as const;

/** What is shown: it stays as it is while the view is paused. */
interface Shown {
  readonly series: LiveSeries;
  readonly requests: readonly LiveRequest[];
  readonly running: number;
  readonly dropped: number;
}

export function LiveView() {
  const { live } = usePage();
  const problem = useStore(live.problem);
  const [paused, setPaused] = useState(false);
  const [seconds, setSeconds] = useState<number>(WINDOWS[0].seconds);
  const [chosen, setChosen] = useState<number | undefined>(undefined);
  const { series, requests, running, dropped } = useShown(paused, seconds, chosen);
  return (
    <section class="view" aria-labelledby="live-title">
      <div class="view-bar">
        <h1 id="live-title">Live</h1>
        <label>
          Request
          <select
            value={chosen ?? ''}
            onChange={({ currentTarget: { value } }) => setChosen(value === '' ? undefined : Number(value))}
          >
            <option value="">All</option>
            {requests.map((request) => (
              <option key={request.id} value={request.id}>
                {nameOf(request)}
              </option>
            ))}
          </select>
        </label>
        <label>
          Last
          <select value={seconds} onChange={({ currentTarget }) => setSeconds(Number(currentTarget.value))}>
            {WINDOWS.map(({ seconds, name }) => (
              <option key={seconds} value={seconds}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? 'Go on' : 'Pause'}
        </button>
      </div>
      {problem !== undefined && (
        <p class="failure" role="status">
          {problem.message} {problem.advice}
        </p>
      )}
      {dropped > 0 && <p class="soft">This page was slow: the server left out {dropped} messages.</p>}
      {requests.length === 0 ? (
        <Nothing />
      ) : (
        <>
          <Figures {...series.all} running={running} />
          <Charts series={series} />
          <Requests requests={requests} />
        </>
      )}
    </section>
  );
}

function useShown(paused: boolean, seconds: number, chosen: number | undefined): Shown {
  const { live } = usePage();
  const look = (): Shown => ({
    series: live.window.series(performance.now(), seconds, chosen, live.costs.value?.target),
    requests: live.window.requests,
    running: live.window.running,
    dropped: live.window.dropped,
  });
  const [shown, setShown] = useState(look);
  useEffect(() => live.start(), []);
  useEffect(() => {
    if (paused) return;
    let drawn = -1;
    const draw = () => {
      const { changes, running } = live.window;
      // Time goes on while something runs; otherwise nothing moves.
      if (running === 0 && changes === drawn) return;
      drawn = changes;
      setShown(look());
    };
    draw();
    const timer = setInterval(draw, DRAW_MS);
    const unwatch = live.costs.watch(() => setShown(look()));
    return () => {
      clearInterval(timer);
      unwatch();
    };
  }, [paused, seconds, chosen]);
  return shown;
}

function Nothing() {
  const command = `curl ${location.origin}/v1/chat/completions -d '{"messages": [{"role": "user", "content": "Hello"}]}'`;
  return (
    <div class="notice">
      <h2>Nothing has run since this view was opened</h2>
      <p>
        Every round of every request shows here, whichever client asks. Send a message in <a href="#chat">Chat</a>, or:
      </p>
      <Scrolling label="Command">
        <pre>{command}</pre>
      </Scrolling>
    </div>
  );
}

function Figures({
  running,
  rounds,
  tokensPerPass,
  acceptedShare,
  speed,
  plainSpeed,
}: LiveSeries['all'] & { running: number }) {
  const ratio = speed !== null && plainSpeed !== null ? speed / plainSpeed : null;
  return (
    <dl class="tiles">
      <Tile name="Running" value={String(running)} more={running === 1 ? 'request' : 'requests'} />
      <Tile name="Tokens a pass" value={number(tokensPerPass, 2)} more={`in ${rounds.toLocaleString('en')} passes`} />
      <Tile
        name="Accepted"
        value={acceptedShare === null ? '–' : `${Math.round(acceptedShare * 100)} %`}
        more="of what was drafted"
      />
      <Tile name="Speed" value={number(speed, 1)} more="tokens a second" />
      <Tile
        name="Against plain decoding"
        value={ratio === null ? '–' : `${ratio.toFixed(2)} ×`}
        more={plainSpeed === null ? 'not predicted' : `predicted: ${number(plainSpeed, 1)} a second`}
      />
    </dl>
  );
}

function Charts({ series }: { readonly series: LiveSeries }) {
  const { seconds, drafted, accepted, tokensPerPass, speed, plainSpeed, positions } = series;
  const time = { x: seconds, xLabel: 'seconds' };
  return (
    <div class="plots">
      <Plot
        {...time}
        title="Draft length"
        about="Tokens a round, mean"
        atLeast={4}
        lines={[
          { label: 'drafted', colour: 'bonus', values: drafted },
          { label: 'accepted', colour: 'accepted', values: accepted },
        ]}
      />
      <Plot
        {...time}
        title="Tokens a pass"
        about="Of the target: what was accepted, and one of its own"
        atLeast={2}
        lines={[{ label: 'tokens', colour: 'accent', values: tokensPerPass }]}
      />
      <Plot
        title="Acceptance by position"
        about="The place of a token in its draft"
        x={positions.map((_, i) => i + 1)}
        xLabel="position"
        steps="whole"
        atLeast={100}
        format={(value) => `${Math.round(value)} %`}
        latest="none"
        lines={[
          {
            label: 'of those drafted there',
            colour: 'accepted',
            look: 'bars',
            values: positions.map(({ acceptedShare }) => 100 * acceptedShare),
          },
          {
            label: 'where all before were accepted',
            colour: 'recovered',
            look: 'dots',
            values: positions.map(({ judgedShare }) => judgedShare && 100 * judgedShare),
          },
        ]}
      />
      <Plot
        {...time}
        title="Speed"
        about="Tokens a second; plain decoding is not measured but predicted from T(n)"
        lines={[
          { label: 'measured', colour: 'accent', values: speed },
          { label: 'plain, predicted', colour: 'plain', look: 'dashed', values: plainSpeed },
        ]}
      />
    </div>
  );
}

function Requests({ requests }: { readonly requests: readonly LiveRequest[] }) {
  return (
    <div class="panel">
      <h2>Requests</h2>
      <Scrolling label="Requests">
        <table class="figures">
          <thead>
            <tr>
              <th scope="col">Request</th>
              <th scope="col" class="words">
                Mode
              </th>
              <th scope="col" class="words">
                State
              </th>
              <th scope="col">Prompt</th>
              <th scope="col">Tokens</th>
              <th scope="col">A pass</th>
              <th scope="col">Drafted</th>
              <th scope="col">Accepted</th>
            </tr>
          </thead>
          <tbody>
            {requests.map((request) => (
              <Row key={request.id} request={request} />
            ))}
          </tbody>
        </table>
      </Scrolling>
    </div>
  );
}

function Row({ request }: { readonly request: LiveRequest }) {
  const { mode, state, reason, promptTokens, tokens, rounds, drafted, accepted, route } = request;
  return (
    <tr>
      <th scope="row">{nameOf(request)}</th>
      <td class="words" title={route?.reason}>
        {mode ?? 'unknown'}
        {route && ` → ${writerOf(route)}`}
      </td>
      <td class="words">{state === 'running' ? 'running' : (ENDS[reason ?? ''] ?? reason)}</td>
      <td>{promptTokens ?? '–'}</td>
      <td>{tokens}</td>
      <td>{rounds === 0 ? '–' : (tokens / rounds).toFixed(2)}</td>
      <td>{drafted}</td>
      <td>{drafted === 0 ? '–' : `${accepted} (${Math.round((100 * accepted) / drafted)} %)`}</td>
    </tr>
  );
}

const ENDS: Readonly<Record<string, string>> = {
  stop: 'done',
  length: 'done, at its limit',
  aborted: 'stopped',
  lost: 'failed or left',
};

function writerOf({ to, escalated }: Route): string {
  return escalated === undefined ? to : 'target, escalated';
}

function nameOf({ id, dialect }: LiveRequest): string {
  return dialect === undefined ? `${id}` : `${id} · ${dialect}`;
}

function number(value: number | null, digits: number): string {
  return value === null ? '–' : value.toFixed(digits);
}
