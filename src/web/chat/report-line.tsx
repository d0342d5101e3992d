import type { Report } from './chat.js';

const ENDS: Readonly<Record<Report['end'], string | undefined>> = {
  stop: undefined,
  length: 'cut at the limit',
  stopped: 'stopped',
};

interface Props {
  readonly report: Report;
  /** It grows no more. */
  readonly isOver: boolean;
}

/** How an answer was written, on one line; more of it on demand. */
export function ReportLine({ report, isOver }: Props) {
  const { mode, seed, leniency, route, notes, end, promptTokens, cachedTokens, promptMs } = report;
  const facts = [...speeds(report), isOver ? ENDS[end] : undefined].filter((fact) => fact !== undefined);
  return (
    <details class="report">
      <summary>
        {leniency !== undefined && <strong class="not-lossless">not lossless</strong>}
        {facts.join(' · ')}
      </summary>
      <dl>
        <dt>Mode</dt>
        <dd>{mode}</dd>
        {route !== undefined && (
          <>
            <dt>Route</dt>
            <dd>
              {route.to} ({route.rule}): {route.reason}
              {route.escalated && `; escalated behind ${route.escalated.atToken} tokens`}
            </dd>
          </>
        )}
        {leniency !== undefined && (
          <>
            <dt>Leniency</dt>
            <dd>{leniency}: rejected tokens stay where the target finds them nearly as good</dd>
          </>
        )}
        <dt>Seed</dt>
        <dd>{seed}</dd>
        <dt>Prompt</dt>
        <dd>
          {promptTokens} tokens, {cachedTokens} of them from the cache, first token after {(promptMs / 1000).toFixed(2)}{' '}
          s
        </dd>
        {notes.map((note) => (
          <>
            <dt>Note</dt>
            <dd>{note}</dd>
          </>
        ))}
      </dl>
    </details>
  );
}

/** A speed-up of fewer tokens says nothing. */
const FEWEST_TOKENS = 16;

function speeds({ tokens, writingMs, plainMs, rounds, accepted, rejected }: Report): (string | undefined)[] {
  const judged = accepted + rejected;
  const comparable = plainMs !== undefined && judged > 0 && writingMs > 0 && tokens >= FEWEST_TOKENS;
  return [
    `${tokens} token${tokens === 1 ? '' : 's'}`,
    writingMs > 0 && tokens > 1 ? `${(((tokens - 1) / writingMs) * 1000).toFixed(1)} a second` : undefined,
    comparable ? `${(plainMs / writingMs).toFixed(2)} × plain (predicted)` : undefined,
    accepted > 0 ? `${(1 + accepted / rounds).toFixed(2)} a pass` : undefined,
    judged > 0 ? `${Math.round((100 * accepted) / judged)} % of judged drafts accepted` : undefined,
  ];
}
