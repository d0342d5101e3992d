import type { GenerationEvent } from '../engine/events.js';

/** A view of a generation: hears every event in order and is waited for before the next. */
export type EventSink = (event: GenerationEvent) => Promise<void> | void;
