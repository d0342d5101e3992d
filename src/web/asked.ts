import { useEffect, useState } from 'preact/hooks';
import { ApiError } from './api.js';
import { usePage } from './page.js';
import { useStore } from './store.js';

export interface Asked<Answer> {
  /** The last answer, also while the server is away. */
  readonly answer: Answer | undefined;
  readonly error: ApiError | undefined;
}

/**
 * What GET `path` answers, asked again whenever the server comes back or a key is entered.
 * @param everyMs and this often, in milliseconds, while the page is looked at
 */
export function useAsked<Answer>(path: string, everyMs?: number): Asked<Answer> {
  const { api, connection, keys } = usePage();
  const { kind } = useStore(connection);
  const key = useStore(keys);
  const [asked, setAsked] = useState<Asked<Answer>>({ answer: undefined, error: undefined });
  useEffect(() => {
    const stop = new AbortController();
    const ask = async () => {
      if (document.hidden) return;
      try {
        const answer = await api.get<Answer>(path, stop.signal);
        setAsked({ answer, error: undefined });
      } catch (error) {
        if (stop.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setAsked(({ answer }) => ({ answer, error }));
        // It would only be asked for the key again.
        if (error.kind === 'key') clearInterval(timer);
      }
    };
    const timer = everyMs === undefined ? undefined : setInterval(ask, everyMs);
    ask();
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [api, path, everyMs, kind, key]);
  return asked;
}
