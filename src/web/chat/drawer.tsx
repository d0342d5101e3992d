import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  readonly side: 'left' | 'right';
  readonly label: string;
  /** Where there is no room for it beside the chat; elsewhere it is always there. */
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Stands beside the chat where there is room, else comes over it when it is called. */
export function Drawer({ side, label, isOpen, onClose, children }: Props) {
  const drawer = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const before = document.activeElement as HTMLElement | null;
    drawer.current?.focus();
    return () => before?.focus();
  }, [isOpen]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !isOpen) return;
    event.preventDefault();
    event.stopPropagation();
    onClose();
  };
  return (
    <>
      {isOpen && <button type="button" class="veil" tabIndex={-1} aria-hidden="true" onClick={onClose} />}
      <aside
        ref={drawer}
        class={`drawer ${side} ${isOpen ? 'called' : ''}`}
        aria-label={label}
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        <div class="drawer-bar">
          <h2>{label}</h2>
          <button type="button" class="quiet" onClick={onClose}>
            Close
          </button>
        </div>
        {children}
      </aside>
    </>
  );
}
