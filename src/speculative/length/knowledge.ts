import { AcceptanceModel, type AcceptanceState } from './acceptance-model.js';
import { CostCurve, type CostState } from './cost-curve.js';
import { Ledger, type LedgerState } from './ledger.js';
import { ProbeSchedule } from './probe-schedule.js';

/** Everything that was learnt, in a form that can be stored. */
export interface KnowledgeState {
  /** Of the target's passes, and of each drafter's. */
  readonly costs: CostState;
  readonly draftCosts: Readonly<Record<string, CostState>>;
  readonly ledger: LedgerState;
  readonly acceptance: Readonly<Record<string, AcceptanceState>>;
}

/** What is learnt of a pair on a machine. It outlives requests; all requests of an engine share it. */
export class Knowledge {
  readonly costs: CostCurve;
  readonly ledger: Ledger;
  /** Rounds of whatever request since T(1) was seen, by a plain round behind a plain one, and since any T(n) was. */
  readonly rounds = { sincePlain: 0, sinceVerified: 0 };
  /** Texts that are being written and may be drafted for, in all requests. */
  texts = 0;
  /** One schedule a drafter for all requests, so that short ones do not probe anew each time. */
  readonly #probing = new Map<string, ProbeSchedule>();
  readonly #draftCosts: Map<string, CostCurve>;
  readonly #acceptance: Map<string, AcceptanceModel>;
  readonly #within = new Map<string, Knowledge>();

  constructor(state: Pick<KnowledgeState, 'costs'> & Partial<KnowledgeState>) {
    this.costs = new CostCurve(state.costs);
    this.ledger = new Ledger(state.ledger);
    this.#draftCosts = new Map(
      Object.entries(state.draftCosts ?? {}).map(([name, known]) => [name, new CostCurve(known)]),
    );
    this.#acceptance = new Map(
      Object.entries(state.acceptance ?? {}).map(([key, known]) => [key, new AcceptanceModel(known)]),
    );
  }

  /** What a pass of a drafter costs; `undefined` before `learnDraftCosts`. */
  draftCostsOf(drafter: string): CostCurve | undefined {
    return this.#draftCosts.get(drafter);
  }

  /** Keeps what was measured of a drafter. */
  learnDraftCosts(drafter: string, costs: CostCurve): void {
    this.#draftCosts.set(drafter, costs);
    this.#within.delete(drafter);
  }

  /** The acceptance model of a kind of draft: a drafter under a rule at about a temperature. */
  acceptanceOf(kind: string): AcceptanceModel {
    const known = this.#acceptance.get(kind) ?? new AcceptanceModel();
    this.#acceptance.set(kind, known);
    return known;
  }

  probingOf(drafter: string): ProbeSchedule {
    const known = this.#probing.get(drafter) ?? new ProbeSchedule();
    this.#probing.set(drafter, known);
    return known;
  }

  /**
   * What is learnt of drafting for a draft model: its own passes are what is saved there. All requests share it, too. Costs
   * and acceptance are kept with the rest, the ledger begins anew with each process.
   */
  within(drafter: string): Knowledge {
    const known = this.#within.get(drafter) ?? this.#openWithin(drafter);
    this.#within.set(drafter, known);
    return known;
  }

  #openWithin(drafter: string): Knowledge {
    const costs = this.#draftCosts.get(drafter);
    if (costs === undefined) throw new Error(`nothing is known of the passes of ${drafter}; learnDraftCosts first`);
    const inner = new Knowledge({ costs: costs.toJSON() });
    return Object.assign(inner, {
      costs,
      draftCostsOf: (name: string) => this.draftCostsOf(name),
      acceptanceOf: (kind: string) => this.acceptanceOf(`${drafter} < ${kind}`),
    });
  }

  toJSON(): KnowledgeState {
    return {
      costs: this.costs.toJSON(),
      draftCosts: Object.fromEntries([...this.#draftCosts].map(([name, curve]) => [name, curve.toJSON()])),
      ledger: this.ledger.toJSON(),
      acceptance: Object.fromEntries([...this.#acceptance].map(([key, model]) => [key, model.toJSON()])),
    };
  }
}
