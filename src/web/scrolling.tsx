import type { ComponentChildren } from 'preact';

interface Props {
  readonly label: string;
  readonly children: ComponentChildren;
}

/** A place for what may be wider than the screen. It scrolls by keys, too. */
export function Scrolling({ label, children }: Props) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by key
    <section class="scrolling" tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
