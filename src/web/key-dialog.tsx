import { useEffect, useRef } from 'preact/hooks';
import { usePage } from './page.js';
import { useStore } from './store.js';

/** Asks for the API key when the server wants one. */
export function KeyDialog() {
  const { keys, keyWanted, connection } = usePage();
  const wanted = useStore(keyWanted);
  const known = useStore(keys);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (wanted) dialog.current?.showModal();
    else dialog.current?.close();
  }, [wanted]);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    keys.keep(String(fields.get('key')).trim(), fields.has('lasting'));
    keyWanted.set(false);
    connection.ask();
  };
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="key-title" onCancel={() => keyWanted.set(false)}>
      <form onSubmit={submit}>
        <h2 id="key-title">The server wants a key</h2>
        <p>
          {known === undefined ? 'It was started with an API key.' : 'It does not know the key that it was given.'} The
          key is sent to this server only.
        </p>
        <label class="field">
          API key
          <input name="key" type="password" required autocomplete="off" spellcheck={false} />
        </label>
        <label class="check">
          <input name="lasting" type="checkbox" /> Keep it in this browser
        </label>
        <div class="actions">
          <button type="button" onClick={() => keyWanted.set(false)}>
            Not now
          </button>
          <button type="submit" class="primary">
            Use this key
          </button>
        </div>
      </form>
    </dialog>
  );
}
