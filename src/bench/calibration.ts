import type { CalibrationCurve } from './result.js';
import type { RoundRecord } from './workload-run.js';

/** Upper borders of the bins of confidence; finer where drafts are long. */
const EDGES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

interface Bin {
  confidence: number;
  accepted: number;
  count: number;
}

/** How often tokens were accepted, by the confidence that their drafter had in them; judged tokens alone. */
export function calibrationCurves(rounds: Iterable<RoundRecord>): CalibrationCurve[] {
  const curves = new Map<string, Bin[]>();
  for (const { draft, accepted } of rounds) {
    for (let i = 0; i < Math.min(accepted + 1, draft.tokens.length); i++) {
      const drafter = draft.sources?.[i] ?? 'draft';
      const bins = curves.get(drafter) ?? EDGES.map(() => ({ confidence: 0, accepted: 0, count: 0 }));
      curves.set(drafter, bins);
      const confidence = draft.confidences[i]!;
      const bin =
        bins[
          Math.max(
            0,
            EDGES.findIndex((edge) => confidence <= edge),
          )
        ]!;
      bin.confidence += confidence;
      bin.accepted += Number(i < accepted);
      bin.count += 1;
    }
  }
  return [...curves].map(([drafter, bins]) => ({
    drafter,
    bins: bins
      .filter(({ count }) => count > 0)
      .map(({ confidence, accepted, count }) => ({
        confidence: confidence / count,
        accepted: accepted / count,
        count,
      })),
  }));
}
