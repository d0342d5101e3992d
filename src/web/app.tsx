import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ChatView } from './chat/view.js';
import { ConnectionBanner } from './connection-banner.js';
import { KeyDialog } from './key-dialog.js';
import { usePage } from './page.js';
import { useStore } from './store.js';
import { ThemeSwitch } from './theme-switch.js';
import { CompareView } from './views/compare.js';
import { LiveView } from './views/live.js';
import { PairView } from './views/pair.js';

interface View {
  /** Its address, behind `#`. */
  readonly name: string;
  readonly title: string;
  readonly Content: ComponentType;
}

const CHAT: View = { name: 'chat', title: 'Chat', Content: ChatView };
const VIEWS: readonly View[] = [
  CHAT,
  { name: 'live', title: 'Live', Content: LiveView },
  { name: 'compare', title: 'Compare', Content: CompareView },
  { name: 'pair', title: 'Pair', Content: PairView },
];

export function App() {
  const view = useView();
  const { Content } = view;
  const main = useRef<HTMLElement>(null);
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header class="bar">
        <span class="brand">
          <img src={new URL('./icon.svg', import.meta.url).href} alt="" width="22" height="22" />
          <span>Outrider</span>
        </span>
        <nav aria-label="Views" class="tabs">
          {VIEWS.map(({ name, title }) => (
            <a key={name} href={`#${name}`} aria-current={name === view.name ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <PairName />
        <ThemeSwitch />
      </header>
      <ConnectionBanner />
      <main ref={main} tabIndex={-1}>
        <Content />
      </main>
      <KeyDialog />
    </>
  );
}

function PairName() {
  const pair = useStore(usePage().pair);
  if (pair === undefined) return null;
  return <span class="pair-name">{[pair.target, ...pair.drafts].map(({ name }) => name).join(' + ')}</span>;
}

/** The view that the address names. */
function useView(): View {
  const [name, setName] = useState(() => location.hash.slice(1));
  useEffect(() => {
    const follow = () => setName(location.hash.slice(1));
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  const view = VIEWS.find((candidate) => candidate.name === name) ?? CHAT;
  useEffect(() => {
    document.title = `${view.title} · Outrider`;
  }, [view]);
  return view;
}
