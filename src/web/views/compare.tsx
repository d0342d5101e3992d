import { QuestionForm } from '../compare/question-form.js';
import { Answer, Speeds, Verdict } from '../compare/results.js';
import { usePage } from '../page.js';
import { useStore } from '../store.js';

export function CompareView() {
  const { compare, pair } = usePage();
  const { running, sides, comparison, failure } = useStore(compare.state);
  const models = useStore(pair);
  return (
    <section class="view" aria-labelledby="compare-title">
      <div class="view-bar">
        <h1 id="compare-title">Compare</h1>
      </div>
      {models?.drafts.length === 0 ? (
        <div class="notice">
          <h2>There is no draft model to compare with</h2>
          <p>Start the server with one: outrider serve -m target.gguf -md draft.gguf</p>
        </div>
      ) : (
        <QuestionForm running={running} onAsk={(question) => compare.ask(question)} onStop={() => compare.stop()} />
      )}
      {failure !== undefined && (
        <p class="failure" role="alert">
          {failure.message} {failure.advice}
        </p>
      )}
      <p role="status" class="unseen">
        {comparison !== undefined && 'The comparison is there.'}
      </p>
      {sides !== undefined && (
        <>
          {comparison !== undefined && <Verdict comparison={comparison} />}
          <div class="answers">
            <Answer writer="target" side={sides.main} comparison={comparison} />
            <Answer writer="draft" side={sides.draft} comparison={comparison} />
          </div>
          {comparison !== undefined && <Key />}
          <Speeds main={sides.main} draft={sides.draft} />
        </>
      )}
    </section>
  );
}

function Key() {
  return (
    <p class="soft compare-key">
      <span class="token accepted">accepted</span> and <span class="token refused">rejected</span> by the target;{' '}
      <span class="parting" /> marks where the answers part. Point at a token of the draft, or go there by arrow keys,
      to see what both models thought of it.
    </p>
  );
}
