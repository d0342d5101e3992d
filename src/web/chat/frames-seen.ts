import { useEffect, useState } from 'preact/hooks';
import type { Running } from './session.js';

/** Draws the component again for what came of an answer, at most once a frame of the screen. */
export function useFrames(running: Running | undefined): void {
  const [, redraw] = useState<object>({});
  useEffect(() => {
    if (running === undefined) return undefined;
    let asked: number | undefined;
    const unwatch = running.frames.watch(() => {
      asked ??= requestAnimationFrame(() => {
        asked = undefined;
        redraw({});
      });
    });
    return () => {
      unwatch();
      if (asked !== undefined) cancelAnimationFrame(asked);
    };
  }, [running]);
}
