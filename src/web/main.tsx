import { render } from 'preact';
import { Api } from './api.js';
import { App } from './app.js';
import { Connection } from './connection.js';
import { KeyStore } from './keys.js';
import { type Page, PageContext } from './page.js';
import { Store } from './store.js';
import { ThemeStore } from './theme.js';

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
const page: Page = { api, connection, keys, theme: new ThemeStore(), keyWanted };
connection.ask();
render(
  <PageContext.Provider value={page}>
    <App />
  </PageContext.Provider>,
  document.getElementById('page')!,
);
