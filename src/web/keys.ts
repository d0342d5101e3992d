/** The API key: in the browser's memory of this tab, or, on wish, of this browser. */
import { Store } from './store.js';

const NAME = 'outrider.key';

export class KeyStore extends Store<string | undefined> {
  constructor() {
    super(sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME) ?? undefined);
  }

  /** @param lasting also for other tabs and later days */
  keep(key: string, lasting: boolean): void {
    sessionStorage.removeItem(NAME);
    localStorage.removeItem(NAME);
    (lasting ? localStorage : sessionStorage).setItem(NAME, key);
    this.set(key);
  }
}
