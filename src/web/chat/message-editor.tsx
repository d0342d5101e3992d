import { useEffect, useRef } from 'preact/hooks';
import { usePage } from '../page.js';
import type { Message } from './chat.js';

interface Props {
  readonly message: Message;
  readonly busy: boolean;
  readonly onDone: () => void;
}

/** Changes what was said, and has it answered anew if it was a question. */
export function MessageEditor({ message: { id, role, text }, busy, onDone }: Props) {
  const { chats } = usePage();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus(), []);
  const save = async (andAnswer: boolean) => {
    await chats.edit(id, field.current?.value ?? text);
    onDone();
    if (andAnswer) await chats.again(id);
  };
  const asks = role === 'user';
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onDone();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save(asks && !busy);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="editor">
      <textarea ref={field} aria-label="What the message says" defaultValue={text} onKeyDown={onKeyDown} />
      <div class="actions">
        <button type="button" onClick={onDone}>
          Leave it
        </button>
        <button type="button" onClick={() => save(false)}>
          Save
        </button>
        {asks && (
          <button type="button" class="primary" disabled={busy} onClick={() => save(true)}>
            Save and answer
          </button>
        )}
      </div>
    </div>
  );
}
