import { usePage } from './page.js';
import { useStore } from './store.js';

/** Says when the server is gone or not ready; goes by itself when it is back. */
export function ConnectionBanner() {
  const { connection } = usePage();
  const state = useStore(connection);
  return (
    <div role="status" class="banner-place">
      {state.kind !== 'connected' && (
        <p class="banner">
          {state.kind === 'away'
            ? 'The server does not answer. The page asks again every two seconds; nothing here is lost.'
            : `The server is not ready: ${state.reason}.`}
          <button type="button" onClick={() => connection.ask()}>
            Ask now
          </button>
        </p>
      )}
    </div>
  );
}
