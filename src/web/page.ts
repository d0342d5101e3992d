/** What the views share; made once, in main.tsx. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Api } from './api.js';
import type { ChatSession } from './chat/session.js';
import type { CompareSession } from './compare/session.js';
import type { Connection } from './connection.js';
import type { KeyStore } from './keys.js';
import type { LiveWatch } from './live/watch.js';
import type { PairStore } from './pair.js';
import type { Store } from './store.js';
import type { ThemeStore } from './theme.js';

export interface Page {
  readonly api: Api;
  readonly compare: CompareSession;
  readonly connection: Connection;
  readonly chats: ChatSession;
  readonly keys: KeyStore;
  readonly live: LiveWatch;
  readonly pair: PairStore;
  readonly theme: ThemeStore;
  /** A request was refused for want of a key. */
  readonly keyWanted: Store<boolean>;
}

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  return useContext(PageContext)!;
}
