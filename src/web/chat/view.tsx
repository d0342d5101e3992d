import { useEffect, useState } from 'preact/hooks';
import { LASTING } from '../kept.js';
import { usePage } from '../page.js';
import { useStore } from '../store.js';
import { Composer } from './composer.js';
import { Conversation } from './conversation.js';
import { Drawer } from './drawer.js';
import { ORIGINS } from './frames.js';
import type { Look } from './message-view.js';
import { SettingsPanel } from './settings-panel.js';
import { Sidebar } from './sidebar.js';
import { ORIGIN_NAMES } from './token-card.js';

const LOOK = 'outrider.look';

export function ChatView() {
  const { chats } = usePage();
  const { title } = useStore(chats.chat);
  const [open, setOpen] = useState<'chats' | 'settings' | undefined>(undefined);
  const [look, setLook] = useState<Look>(() => (LASTING.get(LOOK) === 'text' ? 'text' : 'tokens'));
  useStopKey();
  const chooseLook = (chosen: Look) => {
    LASTING.set(LOOK, chosen);
    setLook(chosen);
  };
  const close = () => setOpen(undefined);
  return (
    <div class="chat">
      <Drawer side="left" label="Chats" isOpen={open === 'chats'} onClose={close}>
        <Sidebar onChosen={close} />
      </Drawer>
      <section class="talk" aria-labelledby="chat-title">
        <header class="talk-bar">
          <button type="button" class="quiet icon for-chats" aria-label="Chats" onClick={() => setOpen('chats')}>
            ☰
          </button>
          <h1 id="chat-title">{title}</h1>
          <LookSwitch look={look} onChoose={chooseLook} />
          <button
            type="button"
            class="quiet icon for-settings"
            aria-label="Settings"
            onClick={() => setOpen('settings')}
          >
            ⚙
          </button>
        </header>
        {look === 'tokens' && <Legend />}
        <Conversation look={look} />
        <Composer />
        <Announcements />
      </section>
      <Drawer side="right" label="Settings" isOpen={open === 'settings'} onClose={close}>
        <SettingsPanel />
      </Drawer>
    </div>
  );
}

function LookSwitch({ look, onChoose }: { readonly look: Look; readonly onChoose: (look: Look) => void }) {
  return (
    <fieldset class="look">
      <legend class="unseen">Show answers as</legend>
      {(['tokens', 'text'] as const).map((one) => (
        <label key={one}>
          <input type="radio" name="look" checked={look === one} onChange={() => onChoose(one)} />
          <span>{one === 'tokens' ? 'Tokens' : 'Text'}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Legend() {
  return (
    <ul class="legend" aria-label="Where tokens come from">
      {ORIGINS.map((origin) => (
        <li key={origin} title={ORIGIN_NAMES[origin].meaning}>
          <span class={`token ${origin}`}>{ORIGIN_NAMES[origin].name}</span>
        </li>
      ))}
    </ul>
  );
}

/** Tells screen readers of an answer when it is there, not of each token. */
function Announcements() {
  const { chats } = usePage();
  const said = useStore(chats.said);
  return (
    <p class="unseen" role="status">
      {said}
    </p>
  );
}

/** Escape stops the answer. Whatever Escape closes keeps the key to itself. */
function useStopKey(): void {
  const { chats } = usePage();
  useEffect(() => {
    const stop = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !event.defaultPrevented && document.querySelector('dialog[open]') === null)
        chats.stop();
    };
    addEventListener('keydown', stop);
    return () => removeEventListener('keydown', stop);
  }, [chats]);
}
