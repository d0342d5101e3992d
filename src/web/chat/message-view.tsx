import { useEffect, useState } from 'preact/hooks';
import { CopyButton } from '../copy-button.js';
import { usePage } from '../page.js';
import type { Progress, Segment } from './answer-fold.js';
import type { Message } from './chat.js';
import { useFrames } from './frames-seen.js';
import { Markdown } from './markdown.js';
import { MessageEditor } from './message-editor.js';
import { partsOf } from './reasoning.js';
import { ReportLine } from './report-line.js';
import type { Running } from './session.js';
import { TokenText } from './token-text.js';

/** As the model's Markdown, or as its tokens. */
export type Look = 'text' | 'tokens';

interface Props {
  readonly message: Message;
  readonly isLast: boolean;
  readonly look: Look;
  /** Set while this answer is being written. */
  readonly running: Running | undefined;
  /** Any answer is being written, so no other can be asked for. */
  readonly busy: boolean;
}

export function MessageView({ message, isLast, look, running, busy }: Props) {
  const [editing, setEditing] = useState(false);
  useFrames(running);
  const isAnswer = message.role === 'assistant';
  return (
    <article
      class={`message ${message.role}`}
      aria-label={isAnswer ? 'Answer' : 'You'}
      aria-busy={running !== undefined}
    >
      {editing ? (
        <MessageEditor message={message} busy={busy} onDone={() => setEditing(false)} />
      ) : (
        <>
          {isAnswer ? <Answer message={message} look={look} running={running} /> : <p class="said">{message.text}</p>}
          {running === undefined && (
            <Actions message={message} isLast={isLast} busy={busy} onEdit={() => setEditing(true)} />
          )}
        </>
      )}
    </article>
  );
}

function Answer({ message, look, running }: Pick<Props, 'message' | 'look' | 'running'>) {
  const text = running?.fold.text ?? message.text;
  const kept = useSegments(message, look === 'tokens' && running === undefined);
  const segments = running?.fold.segments ?? kept ?? [];
  const { reasoning, answer, thinking } = partsOf(text, running?.fold.reasoning || message.reasoning || false);
  const report = running?.fold.report ?? message.report;
  if (running !== undefined && text === '') return <Waiting progress={running.fold.progress} />;
  return (
    <>
      {look === 'tokens' && segments.length > 0 ? (
        <TokenText segments={segments} />
      ) : (
        <>
          {reasoning !== '' && (
            <details class="reasoning" open={thinking}>
              <summary>{thinking ? 'Thinking …' : 'Thoughts'}</summary>
              <Markdown text={reasoning} />
            </details>
          )}
          <Markdown text={answer} />
        </>
      )}
      {report !== undefined && <ReportLine report={report} isOver={running === undefined} />}
    </>
  );
}

/** The tokens of an answer that is over; undefined until they are there. */
function useSegments(message: Message, wanted: boolean): readonly Segment[] | undefined {
  const { chats } = usePage();
  const [, redraw] = useState<object>({});
  const known = chats.keeper.knownSegments(message);
  useEffect(() => {
    if (wanted && known === undefined) chats.segmentsOf(message).then(() => redraw({}));
  }, [message, wanted, known]);
  return known;
}

function Waiting({ progress }: { readonly progress: Progress }) {
  const share = progress.kind === 'reading' ? progress.evaluated / progress.total : undefined;
  return (
    <p class="waiting">
      {progress.kind === 'queued' &&
        `Waiting behind ${progress.ahead} other request${progress.ahead === 1 ? '' : 's'} …`}
      {progress.kind === 'sent' && 'Sent …'}
      {progress.kind === 'writing' && 'Writing …'}
      {progress.kind === 'reading' && `Reading the prompt, ${progress.evaluated} of ${progress.total} tokens …`}
      {share !== undefined && <progress value={share} aria-label="Prompt read" />}
    </p>
  );
}

function Actions({
  message,
  isLast,
  busy,
  onEdit,
}: Pick<Props, 'message' | 'isLast' | 'busy'> & { readonly onEdit: () => void }) {
  const { chats } = usePage();
  const isAnswer = message.role === 'assistant';
  return (
    <div class="message-actions">
      <CopyButton text={message.text} />
      <button type="button" class="quiet" disabled={busy} onClick={onEdit}>
        Edit
      </button>
      {(isAnswer || isLast) && (
        <button type="button" class="quiet" disabled={busy} onClick={() => chats.again(message.id)}>
          {isAnswer ? 'Answer again' : 'Answer'}
        </button>
      )}
      {isAnswer && isLast && (
        <button type="button" class="quiet" disabled={busy} onClick={() => chats.goOn()}>
          Continue
        </button>
      )}
    </div>
  );
}
