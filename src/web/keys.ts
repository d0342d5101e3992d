/** The API key: in the memory of this tab, or, on wish, of this browser. */
import { LASTING, PASSING } from './kept.js';
import { Store } from './store.js';

const NAME = 'outrider.key';

export class KeyStore extends Store<string | undefined> {
  constructor() {
    super(PASSING.get(NAME) ?? LASTING.get(NAME));
  }

  /** @param lasting also for other tabs and later days */
  keep(key: string, lasting: boolean): void {
    LASTING.set(NAME, lasting ? key : undefined);
    PASSING.set(NAME, lasting ? undefined : key);
    this.set(key);
  }
}
