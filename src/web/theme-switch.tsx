import { usePage } from './page.js';
import { useStore } from './store.js';
import { THEMES, type Theme } from './theme.js';

const NAMES: Readonly<Record<Theme, { readonly name: string; readonly sign: string }>> = {
  system: { name: 'as the system', sign: '◐' },
  light: { name: 'light', sign: '☀' },
  dark: { name: 'dark', sign: '☾' },
};

/** Goes from one theme to the next. */
export function ThemeSwitch() {
  const { theme } = usePage();
  const chosen = useStore(theme);
  const { name, sign } = NAMES[chosen];
  const next = THEMES[(THEMES.indexOf(chosen) + 1) % THEMES.length]!;
  const label = `Colours: ${name}`;
  return (
    <button type="button" class="quiet theme" aria-label={label} title={label} onClick={() => theme.choose(next)}>
      {sign}
    </button>
  );
}
