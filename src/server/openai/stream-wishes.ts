import type { CommonFields } from '../generation-fields.js';

/** What a stream tells beyond the text. */
export interface StreamWishes {
  /** A last chunk with the tokens of all choices. */
  readonly usage: boolean;
  /** How much of a long prompt is evaluated. */
  readonly progress: boolean;
  /** `timings` so far, with each piece of text. */
  readonly timings: boolean;
}

export function streamWishes(
  body: Pick<CommonFields, 'stream_options' | 'return_progress' | 'timings_per_token'>,
): StreamWishes {
  return {
    usage: body.stream_options?.include_usage ?? false,
    progress: body.return_progress ?? false,
    timings: body.timings_per_token ?? false,
  };
}
