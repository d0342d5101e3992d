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
  const { chats, pair } = usePage();
  const { settings } = useStore(chats.chat);
  const known = useStore(pair);
  // Until it is known, there may be one.
  const hasDraft = known?.drafts.length !== 0;
  const chosen = settings.mode ?? known?.mode;
  return (
    <fieldset class="modes">
      <legend class="unseen">Who writes</legend>
      {MODES.map((mode) => (
        <label key={mode} title={NAMES[mode].meaning}>
          <input
            type="radio"
            name="mode"
            value={mode}
            checked={chosen === mode}
            disabled={!hasDraft && (mode === 'draft' || mode === 'auto')}
            onChange={() => chats.configure({ ...settings, mode })}
          />
          <span>{NAMES[mode].name}</span>
        </label>
      ))}
    </fieldset>
  );
}
