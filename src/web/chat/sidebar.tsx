import { useRef, useState } from 'preact/hooks';
import { usePage } from '../page.js';
import { useStore } from '../store.js';
import type { ChatSummary } from './chat.js';

/** The chats of this browser. `onChosen`: one was opened or begun. */
export function Sidebar({ onChosen }: { readonly onChosen: () => void }) {
  const { chats } = usePage();
  const summaries = useStore(chats.keeper.summaries);
  const { id: open } = useStore(chats.chat);
  const problem = useStore(chats.keeper.problem);
  const begin = () => {
    chats.begin();
    onChosen();
  };
  return (
    <>
      <button type="button" class="new-chat" onClick={begin}>
        New chat
      </button>
      <ul class="chats" aria-label="Chats">
        {summaries.map((summary) => (
          <ChatEntry key={summary.id} summary={summary} isOpen={summary.id === open} onChosen={onChosen} />
        ))}
      </ul>
      {summaries.length === 0 && <p class="soft empty">Chats are kept in this browser, and nowhere else.</p>}
      {problem !== undefined && <p class="problem">{problem}</p>}
      <Files />
    </>
  );
}

type EntryProps = { readonly summary: ChatSummary; readonly isOpen: boolean; readonly onChosen: () => void };

function ChatEntry({ summary: { id, title }, isOpen, onChosen }: EntryProps) {
  const { chats } = usePage();
  const [doing, setDoing] = useState<'nothing' | 'renaming' | 'deleting'>('nothing');
  const stop = () => setDoing('nothing');
  if (doing === 'renaming') {
    return (
      <li>
        <RenameForm id={id} title={title} onDone={stop} />
      </li>
    );
  }
  if (doing === 'deleting') {
    return (
      <li class="confirm">
        <span>Delete “{title}”?</span>
        <button type="button" onClick={stop}>
          Keep
        </button>
        <button type="button" class="danger" onClick={() => chats.remove(id)}>
          Delete
        </button>
      </li>
    );
  }
  const choose = async () => {
    await chats.open(id);
    onChosen();
  };
  return (
    <li class={isOpen ? 'open' : undefined}>
      <button
        type="button"
        class="chat-title"
        aria-current={isOpen ? 'true' : undefined}
        title={title}
        onClick={choose}
      >
        {title}
      </button>
      <button
        type="button"
        class="quiet icon"
        aria-label={`Rename “${title}”`}
        title="Rename"
        onClick={() => setDoing('renaming')}
      >
        ✎
      </button>
      <button
        type="button"
        class="quiet icon"
        aria-label={`Delete “${title}”`}
        title="Delete"
        onClick={() => setDoing('deleting')}
      >
        ✕
      </button>
    </li>
  );
}

type RenameProps = { readonly id: string; readonly title: string; readonly onDone: () => void };

function RenameForm({ id, title, onDone }: RenameProps) {
  const { chats } = usePage();
  const field = (element: HTMLInputElement | null) => element?.select();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    await chats.rename(id, String(new FormData(event.currentTarget as HTMLFormElement).get('title')));
    onDone();
  };
  return (
    <form class="rename" onSubmit={submit}>
      <input
        ref={field}
        name="title"
        aria-label="Title of the chat"
        defaultValue={title}
        onBlur={(event) => event.currentTarget.form?.requestSubmit()}
        onKeyDown={(event) => event.key === 'Escape' && onDone()}
      />
    </form>
  );
}

/** Chats to a file, and back. */
function Files() {
  const { chats } = usePage();
  const file = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');
  const save = async () => {
    const text = await chats.export();
    const address = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    const link = Object.assign(document.createElement('a'), { href: address, download: 'outrider-chats.json' });
    link.click();
    URL.revokeObjectURL(address);
  };
  const read = async (chosen: File | undefined) => {
    if (chosen === undefined) return;
    try {
      const count = await chats.import(await chosen.text());
      setSaid(`Imported ${count} chat${count === 1 ? '' : 's'}.`);
    } catch (error) {
      setSaid((error as Error).message);
    }
  };
  return (
    <div class="files">
      <button type="button" class="quiet" onClick={save}>
        Export
      </button>
      <button type="button" class="quiet" onClick={() => file.current?.click()}>
        Import
      </button>
      <input
        ref={file}
        type="file"
        accept="application/json,.json"
        hidden
        aria-label="File of chats"
        onChange={(event) => {
          read(event.currentTarget.files?.[0]);
          event.currentTarget.value = '';
        }}
      />
      <p role="status" class="soft">
        {said}
      </p>
    </div>
  );
}
