import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../page.js';
import { useStore } from '../store.js';
import { MODES, type Mode } from './frames.js';

const NAMES: Readonly<Record<Mode, { readonly name: string; readonly meaning: string }>> = {
  speculative: { name: 'Speculative', meaning: 'The target writes, made faster by drafts. The text is the target’s.' },
  main: { name: 'Main', meaning: 'The target writes alone.' },
  draft: { name: 'Draft', meaning: 'The draft model writes alone: fast, and not as good.' },
  auto: { name: 'Auto', meaning: 'Light requests go to the draft model, weighty ones to the target.' },
};

/** Who writes the next answer. */
export function ModeControl() {
  const { chats } = usePage();
  const { settings } = useStore(chats.chat);
  const hasDraft = useHasDraft();
  return (
    <fieldset class="modes">
      <legend class="unseen">Who writes</legend>
      {MODES.map((mode) => (
        <label key={mode} title={NAMES[mode].meaning}>
          <input
            type="radio"
            name="mode"
            value={mode}
            checked={settings.mode === mode}
            disabled={!hasDraft && (mode === 'draft' || mode === 'auto')}
            onChange={() => chats.configure({ ...settings, mode })}
          />
          <span>{NAMES[mode].name}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** Whether the server has a draft model; true until it is known. */
function useHasDraft(): boolean {
  const { api, connection, keys } = usePage();
  const [hasDraft, setHasDraft] = useState(true);
  const { kind } = useStore(connection);
  const key = useStore(keys);
  useEffect(() => {
    if (kind !== 'connected') return undefined;
    const left = new AbortController();
    api
      .get<{ readonly drafts: readonly unknown[] }>('api/outrider/pair', left.signal)
      .then(({ drafts }) => setHasDraft(drafts.length > 0))
      // Whoever asks for an answer hears of it.
      .catch(() => {});
    return () => left.abort();
  }, [kind, key]);
  return hasDraft;
}
