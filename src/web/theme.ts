/** Dark or light: as the system wishes, unless someone chose. */
import { LASTING } from './kept.js';
import { Store } from './store.js';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const NAME = 'outrider.theme';

export class ThemeStore extends Store<Theme> {
  constructor() {
    const kept = LASTING.get(NAME);
    super(THEMES.find((theme) => theme === kept) ?? 'system');
    this.#show();
  }

  choose(theme: Theme): void {
    LASTING.set(NAME, theme);
    this.set(theme);
    this.#show();
  }

  #show(): void {
    if (this.value === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.value;
  }
}
