import { useState } from 'preact/hooks';
import { usePage } from '../page.js';
import { useStore } from '../store.js';
import type { Question } from './session.js';

interface Props {
  readonly running: boolean;
  readonly onAsk: (question: Question) => void;
  readonly onStop: () => void;
}

/** Short, because both models write all of it. */
const MAX_TOKENS = 128;

export function QuestionForm({ running, onAsk, onStop }: Props) {
  const [text, setText] = useState('');
  const empty = text.trim() === '';
  const submit = (form: HTMLFormElement) => {
    if (!empty && !running && form.reportValidity()) onAsk(questionOf(form, text));
  };
  return (
    <form
      class="question"
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget);
      }}
      onKeyDown={(event) => event.key === 'Escape' && running && onStop()}
    >
      <label class="field">
        Prompt for both models
        <textarea
          rows={3}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            submit(event.currentTarget.form!);
          }}
        />
      </label>
      <div class="question-options">
        <Options />
        {running ? (
          <button type="button" onClick={onStop}>
            Stop
          </button>
        ) : (
          <button type="submit" class="primary" disabled={empty}>
            Compare
          </button>
        )}
      </div>
    </form>
  );
}

function Options() {
  const { pair } = usePage();
  const drafts = useStore(pair)?.drafts ?? [];
  return (
    <>
      <label class="field">
        As
        <select name="as">
          <option value="chat">a chat message</option>
          <option value="text">a text to go on with</option>
        </select>
      </label>
      {drafts.length > 1 && (
        <label class="field">
          Draft model
          <select name="draft">
            {drafts.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <label class="field">
        Most tokens
        <input name="maxTokens" type="number" min={1} step={1} defaultValue={String(MAX_TOKENS)} required />
      </label>
      <label class="field">
        Temperature
        <input name="temperature" type="number" min={0} step="any" placeholder="model’s" />
      </label>
      <label class="field">
        Seed
        <input name="seed" type="number" min={0} step={1} placeholder="random" />
      </label>
    </>
  );
}

function questionOf(form: HTMLFormElement, text: string): Question {
  const fields = new FormData(form);
  const number = (name: string) => (fields.get(name) === '' ? undefined : Number(fields.get(name)));
  return {
    text,
    as: fields.get('as') === 'text' ? 'text' : 'chat',
    draft: fields.get('draft')?.toString(),
    maxTokens: number('maxTokens'),
    temperature: number('temperature'),
    seed: number('seed'),
  };
}
