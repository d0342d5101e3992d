import { Scrolling } from '../scrolling.js';
import { Tile } from '../tile.js';
import { JudgedText, Parting } from './judged-text.js';
import type { Comparison, SideEnd } from './messages.js';
import type { SideState } from './session.js';

interface SideProps {
  readonly writer: 'target' | 'draft';
  readonly side: SideState;
  readonly comparison: Comparison | undefined;
}

/** What one of the models writes. */
export function Answer({ writer, side: { model, text, tokens, end }, comparison }: SideProps) {
  const id = `${writer}-title`;
  return (
    <section class="answer" aria-labelledby={id}>
      <header>
        <h2 id={id}>
          {model} <span class="soft">{writer === 'target' ? 'the target, alone' : 'the draft model, alone'}</span>
        </h2>
        <span class="soft">
          {tokens} token{tokens === 1 ? '' : 's'}
          {end === undefined && ' …'}
        </span>
      </header>
      {writer === 'draft' && comparison !== undefined ? (
        <JudgedText tokens={comparison.tokens} parting={comparison.divergence?.token} />
      ) : (
        <MainText text={text} character={comparison?.divergence?.character} />
      )}
    </section>
  );
}

function MainText({ text, character }: { readonly text: string; readonly character: number | undefined }) {
  if (character === undefined) return <p class="answer-text">{text}</p>;
  return (
    <p class="answer-text">
      {text.slice(0, character)}
      <Parting />
      {text.slice(character)}
    </p>
  );
}

/** What the target thinks of the draft model's answer. */
export function Verdict({ comparison }: { readonly comparison: Comparison }) {
  const { divergence, agreement, judgingMs } = comparison;
  const { judged, accepted, expectedAcceptance, expectedSpeedup, draftLength } = agreement;
  return (
    <dl class="tiles">
      <Tile
        name="The answers"
        value={divergence === null ? 'are the same' : `part at token ${divergence.token + 1}`}
        more={
          divergence === null
            ? ''
            : `“${divergence.main.trim() || 'the end'}” against “${divergence.draft.trim() || 'the end'}”`
        }
      />
      <Tile
        name="Draft tokens that the target accepts"
        value={`${accepted} of ${judged}`}
        more={`judged in ${judgingMs.toFixed(0)} ms, each behind the draft’s own text`}
      />
      <Tile
        name="Expected acceptance"
        value={expectedAcceptance === null ? '–' : `${Math.round(expectedAcceptance * 100)} %`}
        more="mean chance of a token"
      />
      <Tile
        name="Speculation against plain decoding"
        value={expectedSpeedup === null ? '–' : `${expectedSpeedup.toFixed(2)} ×`}
        more={`predicted${draftLength ? `, at ${draftLength} tokens a draft` : ''}, not measured`}
      />
    </dl>
  );
}

interface SpeedsProps {
  readonly main: SideState;
  readonly draft: SideState;
}

/** What each answer took. */
export function Speeds({ main, draft }: SpeedsProps) {
  const rows: readonly (readonly [name: string, value: (end: SideEnd) => string])[] = [
    ['Tokens', ({ tokens }) => String(tokens)],
    ['Prompt read in', ({ timings }) => `${timings.promptMs.toFixed(0)} ms`],
    ['Written in', ({ timings }) => `${timings.predictedMs.toFixed(0)} ms`],
    ['Tokens a second', ({ timings }) => timings.predictedPerSecond?.toFixed(1) ?? '–'],
    ['Milliseconds a token', ({ timings }) => costOf(timings.predictedPerSecond)],
    ['Ended', (end) => ENDS[end.finish_reason]],
  ];
  return (
    <div class="panel">
      <h2>Speed and cost</h2>
      <p class="soft">Both wrote at the same time, so each may be slower than it is alone.</p>
      <Scrolling label="Speed and cost">
        <table class="figures">
          <thead>
            <tr>
              <td />
              <th scope="col">{main.model}</th>
              <th scope="col">{draft.model}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {[main, draft].map(({ end, model }) => (
                  <td key={model}>{end === undefined ? '…' : value(end)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </div>
  );
}

const ENDS: Readonly<Record<SideEnd['finish_reason'], string>> = {
  stop: 'by itself',
  length: 'at the limit',
  aborted: 'stopped',
};

function costOf(perSecond: number | null): string {
  return perSecond === null ? '–' : (1000 / perSecond).toFixed(2);
}
