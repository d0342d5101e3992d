import { render } from 'preact';
import { Api, type ApiError } from './api.js';
import { App } from './app.js';
import { ChatSession } from './chat/session.js';
import { BrowserStorage, type ChatStorage, TabStorage } from './chat/storage.js';
import { CompareSession } from './compare/session.js';
import { Connection } from './connection.js';
import { KeyStore } from './keys.js';
import { LiveWatch } from './live/watch.js';
import { type Page, PageContext } from './page.js';
import { PairStore } from './pair.js';
import { Store } from './store.js';
import { ThemeStore } from './theme.js';

const theme = new ThemeStore();
const keys = new KeyStore();
const keyWanted = new Store(false);
const connection = new Connection(() => fetch('health', { cache: 'no-store' }));
const api = new Api({
  fetch: (path, init) => fetch(path, init),
  key: () => keys.value,
  heard: (what) => {
    if (what === 'key') keyWanted.set(true);
    else connection.heard(what);
  },
});
const storage: ChatStorage = await BrowserStorage.open().catch(() => new TabStorage());
const chats = new ChatSession({
  api,
  storage,
  newId: newName,
  clock: () => Date.now(),
  now: () => performance.now(),
});
if (storage instanceof TabStorage)
  chats.keeper.problem.set('This browser keeps no chats: they are gone when the tab is closed.');
const pair = new PairStore(api);
const live = new LiveWatch({ api, now: () => performance.now(), untilAgain });
const compare = new CompareSession(api);
const page: Page = { api, compare, connection, chats, keys, live, pair, theme, keyWanted };
connection.watch(({ kind }) => kind === 'connected' && pair.ask());
keys.watch((key) => {
  pair.ask();
  if (key !== undefined && chats.failure.value?.error.kind === 'key') chats.tryAgain();
});
connection.ask();
pair.ask();
await chats.restore();
render(
  <PageContext.Provider value={page}>
    <App />
  </PageContext.Provider>,
  document.getElementById('page')!,
);

/** Without a key there is no reason to ask again before one is entered. */
function untilAgain(error: ApiError | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (error?.kind !== 'key') setTimeout(resolve, 2_000);
    const unwatch = keys.watch(() => {
      unwatch();
      resolve();
    });
  });
}

/** 128 random bits; `crypto.randomUUID` is not there on pages of other machines without https. */
function newName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
