import { useEffect, useRef } from 'preact/hooks';
import { usePage } from '../page.js';
import { useStore } from '../store.js';
import { ModeControl } from './mode-control.js';

/** Where the next message is written. */
export function Composer() {
  const { chats } = usePage();
  const running = useStore(chats.running);
  const { id, settings } = useStore(chats.chat);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current!.value = chats.unsent.get(id) ?? '';
    // On a phone the keyboard would cover the chat.
    if (matchMedia('(hover: hover)').matches) field.current!.focus({ preventScroll: true });
  }, [id]);
  const send = () => {
    const text = field.current?.value ?? '';
    if (text.trim() === '' || running !== undefined) return;
    field.current!.value = '';
    chats.unsent.delete(id);
    chats.send(text);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // A key that ends the composition of a character sends nothing.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label="Message"
        placeholder="Write a message"
        onKeyDown={onKeyDown}
        onInput={(event) => chats.unsent.set(id, event.currentTarget.value)}
      />
      <div class="composer-bar">
        <ModeControl />
        {settings.leniency !== undefined && <strong class="not-lossless">not lossless</strong>}
        <span class="soft keys">
          {running === undefined ? 'Enter sends, Shift + Enter begins a line' : 'Esc stops'}
        </span>
        {running === undefined ? (
          <button type="submit" class="primary">
            Send
          </button>
        ) : (
          <button type="button" class="stop" onClick={() => chats.stop()}>
            {running.chat === id ? 'Stop' : 'Stop the answer in the other chat'}
          </button>
        )}
      </div>
    </form>
  );
}
