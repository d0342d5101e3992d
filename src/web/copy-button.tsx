import { useEffect, useState } from 'preact/hooks';

/** How long a button says that it has copied, in milliseconds. */
const SAID_MS = 1_500;

export function CopyButton({ text }: { readonly text: string }) {
  const [said, setSaid] = useState<'Copied' | 'Not copied' | undefined>(undefined);
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => setSaid(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <button type="button" class="quiet" onClick={async () => setSaid((await copied(text)) ? 'Copied' : 'Not copied')}>
      {said ?? 'Copy'}
    </button>
  );
}

/** Browsers give the clipboard itself only to pages of this machine and of https; the old way serves the others. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copiedBySelection(text);
  }
}

function copiedBySelection(text: string): boolean {
  const before = document.activeElement as HTMLElement | null;
  const field = Object.assign(document.createElement('textarea'), { value: text, className: 'unseen' });
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  before?.focus();
  return done;
}
