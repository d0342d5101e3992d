import type { DraftUse, FinishEvent, Route, StartEvent } from '../engine/events.js';
import { given } from '../given.js';

/** The two events that say how a text was written. */
export interface ReportedEvents {
  readonly start: StartEvent | undefined;
  readonly finish: FinishEvent;
}

/** `outrider` of an answer in any dialect: how the text was written, for those who look. */
export function outriderReport({ start, finish }: ReportedEvents) {
  return {
    ...(start !== undefined && {
      mode: start.mode,
      seed: start.seed,
      verification: start.verification,
      draft_max: start.draftMax,
      ...(start.leniency !== undefined && { lossless: false, leniency: start.leniency }),
      notes: start.notes,
    }),
    ...(finish.route !== undefined && { route: routeReport(finish.route) }),
    ...given({ stop: finish.stop, shifted: finish.shifted, dropped: finish.dropped }),
    ...(finish.drafts !== undefined && { drafts: finish.drafts.map(draftReport) }),
    statistics: finish.statistics,
    timings: finish.timings,
  };
}

function draftReport({ model, cachedTokens, shifted, evaluatedTokens }: DraftUse) {
  return { model, cached_tokens: cachedTokens, ...given({ shifted }), evaluated_tokens: evaluatedTokens };
}

/** Who wrote the text in mode `auto`, and why, in the words of the wire. */
function routeReport({ to, rule, reason, escalated }: Route) {
  return {
    to,
    rule,
    reason,
    ...(escalated !== undefined && {
      escalated: { at_token: escalated.atToken, confidence: escalated.confidence },
    }),
  };
}
