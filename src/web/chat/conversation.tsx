import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { usePage } from '../page.js';
import { useStore } from '../store.js';
import { type Look, MessageView } from './message-view.js';

/** Closer than this to the end, in pixels, a reader wants to see what comes. */
const NEAR_END = 60;

/** What was said; follows the answer that is being written, unless someone reads further up. */
export function Conversation({ look }: { readonly look: Look }) {
  const { chats } = usePage();
  const chat = useStore(chats.chat);
  const running = useStore(chats.running);
  const { box, content } = useFollowing(chat.id);
  return (
    <div ref={box} class="conversation">
      <div ref={content} class="messages">
        {chat.messages.length === 0 && <Welcome />}
        {chat.messages.map((message, index) => (
          <MessageView
            key={message.id}
            message={message}
            isLast={index === chat.messages.length - 1}
            look={look}
            running={running?.message === message.id ? running : undefined}
            busy={running !== undefined}
          />
        ))}
        <FailureNote />
      </div>
    </div>
  );
}

function Welcome() {
  return (
    <div class="welcome">
      <h2>Ask the pair</h2>
      <p>
        A small model drafts, the large one verifies, and the text stays the large one’s. Every token of an answer shows
        where it came from, and what both models thought of it.
      </p>
    </div>
  );
}

function FailureNote() {
  const { chats, keyWanted } = usePage();
  const failure = useStore(chats.failure);
  const { id, messages } = useStore(chats.chat);
  if (failure === undefined || failure.chat !== id) return null;
  const { message, advice, kind } = failure.error;
  const last = messages.at(-1);
  return (
    <div role="alert" class="failure">
      <p>
        {message} {advice}
      </p>
      {kind === 'key' && (
        <button type="button" onClick={() => keyWanted.set(true)}>
          Enter a key
        </button>
      )}
      {last?.role === 'assistant' && (
        <button type="button" onClick={() => chats.goOn()}>
          Go on
        </button>
      )}
      <button type="button" onClick={() => chats.tryAgain()}>
        Try again
      </button>
    </div>
  );
}

/** Keeps the end in sight while the content grows, until someone scrolls away from it; a chat that is opened is shown at its end. */
function useFollowing(chat: string) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  useLayoutEffect(() => {
    following.current = true;
    box.current!.scrollTop = box.current!.scrollHeight;
  }, [chat]);
  useEffect(() => {
    const element = box.current!;
    const note = () => {
      following.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    };
    const follow = new ResizeObserver(() => {
      if (following.current) element.scrollTop = element.scrollHeight;
    });
    element.addEventListener('scroll', note, { passive: true });
    follow.observe(content.current!);
    follow.observe(element);
    return () => {
      element.removeEventListener('scroll', note);
      follow.disconnect();
    };
  }, []);
  return { box, content };
}
