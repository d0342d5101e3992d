import { useAsked } from '../asked.js';
import { Costs } from '../pair/costs.js';
import { Engine, Slots } from '../pair/engine.js';
import type { Pair, Status } from '../pair/messages.js';
import { Models } from '../pair/models.js';
import { Vocabulary } from '../pair/vocabulary.js';
import type { PassCosts } from '../pass-costs.js';

/** How often the engine is asked how it is, in milliseconds. */
const STATUS_MS = 2_000;
const COSTS_MS = 5_000;

export function PairView() {
  const pair = useAsked<Pair>('api/outrider/pair');
  const status = useAsked<Status>('api/outrider/status', STATUS_MS);
  const costs = useAsked<PassCosts>('api/outrider/costs', COSTS_MS);
  const failure = pair.error ?? status.error;
  return (
    <section class="view" aria-labelledby="pair-title">
      <div class="view-bar">
        <h1 id="pair-title">Pair</h1>
      </div>
      {failure !== undefined && (
        <p class="failure" role="status">
          {failure.message} {failure.advice}
        </p>
      )}
      {pair.answer !== undefined && (
        <>
          {status.answer !== undefined && <Engine pair={pair.answer} status={status.answer} />}
          <Notes notes={pair.answer.notes} />
          <Models {...pair.answer} />
          <div class="panel">
            <h2>What passes take</h2>
            {costs.answer !== undefined && <Costs target={pair.answer.target.name} costs={costs.answer} />}
          </div>
          {pair.answer.drafts.map(({ name, vocabularyFit }) => (
            <Vocabulary key={name} draft={name} fit={vocabularyFit} />
          ))}
          {status.answer !== undefined && <Slots {...status.answer} />}
        </>
      )}
    </section>
  );
}

function Notes({ notes }: { readonly notes: readonly string[] }) {
  if (notes.length === 0) return null;
  return (
    <ul class="notes">
      {notes.map((note) => (
        <li key={note}>{note}</li>
      ))}
    </ul>
  );
}
