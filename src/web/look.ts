/** Looking closely at one piece of a text after the other: by pointer, by press, by arrow keys. */
import type { RefObject, TargetedEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** What is looked at: `held` until something else is, or only while the pointer is on it. */
export interface Look {
  readonly index: number;
  readonly held: boolean;
}

export interface Looking {
  /** The pieces are inside, each with its number as `data-piece`. */
  readonly box: RefObject<HTMLDivElement | null>;
  readonly look: Look | undefined;
  /** The element of the piece that is looked at. */
  readonly anchor: () => HTMLElement | undefined;
  /** For the box. */
  readonly listeners: {
    readonly onPointerOver: (event: TargetedEvent<HTMLElement, PointerEvent>) => void;
    readonly onPointerLeave: () => void;
    readonly onClick: (event: TargetedEvent<HTMLElement, MouseEvent>) => void;
    readonly onKeyDown: (event: KeyboardEvent) => void;
    readonly onBlur: () => void;
  };
}

/**
 * @param count of the pieces
 * @param isEmpty there is nothing to see of a piece: keys pass over it
 */
export function useLook(count: number, isEmpty: (index: number) => boolean): Looking {
  const box = useRef<HTMLDivElement>(null);
  const [look, setLook] = useState<Look | undefined>(undefined);
  useEffect(() => markLooked(box.current, look?.index), [look?.index]);
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextIndex(event.key, look?.held ? look.index : undefined, count, isEmpty);
    if (next === undefined && !(event.key === 'Escape' && look !== undefined)) return;
    event.preventDefault();
    // Escape closes the card first; it would stop an answer otherwise.
    event.stopPropagation();
    setLook(next === undefined ? undefined : { index: next, held: true });
  };
  return {
    box,
    look,
    anchor: () => (look === undefined ? undefined : elementAt(box.current, look.index)),
    listeners: {
      onPointerOver: (event) => event.pointerType === 'mouse' && setLook((now) => hovered(now, indexOf(event))),
      onPointerLeave: () => setLook((now) => (now?.held ? now : undefined)),
      onClick: (event) => setLook((now) => pressed(now, indexOf(event))),
      onKeyDown,
      onBlur: () => setLook(undefined),
    },
  };
}

function hovered(now: Look | undefined, index: number | undefined): Look | undefined {
  if (now?.held) return now;
  return index === undefined ? undefined : { index, held: false };
}

function pressed(now: Look | undefined, index: number | undefined): Look | undefined {
  if (index === undefined || (now?.held && now.index === index)) return undefined;
  return { index, held: true };
}

/** The piece that a key goes to from the one that is looked at. */
function nextIndex(
  key: string,
  index: number | undefined,
  count: number,
  isEmpty: (index: number) => boolean,
): number | undefined {
  const step = { ArrowRight: 1, ArrowLeft: -1, Home: 1, End: -1 }[key];
  if (step === undefined) return undefined;
  let next = key === 'Home' ? 0 : key === 'End' ? count - 1 : index === undefined ? 0 : index + step;
  while (next >= 0 && next < count && isEmpty(next)) next += step;
  return next >= 0 && next < count ? next : index;
}

function indexOf({ target }: TargetedEvent<HTMLElement, Event>): number | undefined {
  const number = (target as Element | null)?.closest<HTMLElement>('[data-piece]')?.dataset.piece;
  return number === undefined ? undefined : Number(number);
}

function elementAt(box: HTMLElement | null, index: number): HTMLElement | undefined {
  return box?.querySelector<HTMLElement>(`[data-piece="${index}"]`) ?? undefined;
}

/** Marks it without drawing the pieces again. */
function markLooked(box: HTMLElement | null, index: number | undefined): (() => void) | undefined {
  if (index === undefined) return undefined;
  const element = elementAt(box, index);
  element?.classList.add('looked');
  element?.scrollIntoView({ block: 'nearest' });
  return () => element?.classList.remove('looked');
}
