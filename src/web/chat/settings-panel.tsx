import { useId } from 'preact/hooks';
import { usePage } from '../page.js';
import { useStore } from '../store.js';
import type { Settings } from './chat.js';

interface NumberSetting {
  readonly name: Exclude<keyof Settings, 'mode'>;
  readonly label: string;
  readonly hint?: string;
  readonly min: number;
  readonly max?: number;
  readonly step: number;
}

const SAMPLING: readonly NumberSetting[] = [
  { name: 'temperature', label: 'Temperature', min: 0, max: 5, step: 0.05 },
  { name: 'topP', label: 'Top-p', min: 0, max: 1, step: 0.01 },
  { name: 'topK', label: 'Top-k', min: 0, step: 1 },
  { name: 'minP', label: 'Min-p', min: 0, max: 1, step: 0.01 },
  { name: 'repeatPenalty', label: 'Repeat penalty', min: 0.5, max: 2, step: 0.01 },
  { name: 'seed', label: 'Seed', hint: 'The same seed writes the same text.', min: 0, step: 1 },
  { name: 'maxTokens', label: 'Longest answer', hint: 'In tokens.', min: 1, step: 1 },
];

const SPECULATION: readonly NumberSetting[] = [
  { name: 'draftMax', label: 'Longest draft', hint: 'In tokens; 0 drafts nothing.', min: 0, max: 64, step: 1 },
];

/** What the chat tells the model, and how tokens are drawn. An empty field leaves it to the model's file. */
export function SettingsPanel() {
  const { chats } = usePage();
  const { system } = useStore(chats.chat);
  return (
    <div class="settings">
      <label class="field">
        System prompt
        <textarea value={system} rows={4} onChange={(event) => chats.instruct(event.currentTarget.value)} />
      </label>
      <h2>Speculation</h2>
      {SPECULATION.map((setting) => (
        <NumberField key={setting.name} setting={setting} />
      ))}
      <Leniency />
      <h2>Sampling</h2>
      {SAMPLING.map((setting) => (
        <NumberField key={setting.name} setting={setting} />
      ))}
      <p class="soft">Empty: as the model’s file and the server say.</p>
    </div>
  );
}

function NumberField({ setting: { name, label, hint, ...range } }: { readonly setting: NumberSetting }) {
  const { chats } = usePage();
  const { settings } = useStore(chats.chat);
  const id = useId();
  const set = (field: HTMLInputElement) => {
    const { [name]: _, ...others } = settings;
    if (field.value === '' && field.validity.valid) chats.configure(others);
    else if (field.reportValidity()) chats.configure({ ...others, [name]: field.valueAsNumber });
  };
  return (
    <div class="number">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        {...range}
        value={settings[name] ?? ''}
        placeholder="default"
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => set(event.currentTarget)}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} class="soft">
          {hint}
        </p>
      )}
    </div>
  );
}

function Leniency() {
  const { chats } = usePage();
  const { settings } = useStore(chats.chat);
  const { leniency = 0 } = settings;
  const id = useId();
  const set = (value: number) => {
    const { leniency: _, ...others } = settings;
    chats.configure(value > 0 ? { ...others, leniency: value } : others);
  };
  return (
    <div class="leniency">
      <label for={id}>Leniency</label>
      <output for={id}>{leniency > 0 ? leniency.toFixed(2) : 'off'}</output>
      <input
        id={id}
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={leniency}
        aria-describedby={`${id}-hint`}
        onChange={(event) => set(event.currentTarget.valueAsNumber)}
      />
      <p id={`${id}-hint`} class="soft">
        {leniency > 0 ? (
          <>
            <strong class="not-lossless">not lossless</strong> Rejected tokens stay where the target finds them nearly
            as good.
          </>
        ) : (
          'Lossless: the text is the target’s own.'
        )}
      </p>
    </div>
  );
}
