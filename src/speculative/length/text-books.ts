import type { Drafter, DrawRule } from '../drafter.js';
import { Economy } from './economy.js';
import type { Knowledge } from './knowledge.js';
import type { ProbeSchedule } from './probe-schedule.js';
import { TextAcceptance } from './text-acceptance.js';
import { TrackRecord } from './track-record.js';

export interface TextBooksOptions {
  readonly knowledge: Knowledge;
  /** Tells acceptance apart: drafts at about one temperature share a kind. */
  readonly kind: string;
  /** The most tokens of a draft. */
  readonly max: number;
}

/** What is kept of a drafter in one text. */
export interface DrafterBooks {
  readonly probing: ProbeSchedule;
  readonly record: TrackRecord;
  readonly acceptance: Readonly<Record<DrawRule, TextAcceptance>>;
}

/**
 * What drafting earns and costs in one text: a request, or a draft model that is drafted for in it. It outlives the
 * drafters, which are made anew where a part of the text is taken back or has left the context: that is no new text, which
 * would get a chance of its own to lose time, and every drafter would be a stranger again.
 */
export class TextBooks {
  readonly max: number;
  readonly economy: Economy;
  readonly #knowledge: Knowledge;
  readonly #kind: string;
  readonly #drafters = new Map<string, DrafterBooks>();

  /** A new text begins, and is written until `close`. */
  constructor({ knowledge, kind, max }: TextBooksOptions) {
    this.max = max;
    this.economy = new Economy(knowledge, max);
    this.#knowledge = knowledge;
    this.#kind = kind;
  }

  /** Of the drafter of that name: another of the same name goes on where the last one was. */
  of(drafter: Pick<Drafter, 'name' | 'price'>): DrafterBooks {
    const books = this.#drafters.get(drafter.name) ?? this.#open(drafter);
    this.#drafters.set(drafter.name, books);
    return books;
  }

  /** The text is over. Idempotent. */
  close(): void {
    this.economy.end();
  }

  #open({ name, price }: Pick<Drafter, 'name' | 'price'>): DrafterBooks {
    const probing = this.#knowledge.probingOf(name);
    probing.beginText();
    const under = (rule: DrawRule): TextAcceptance =>
      new TextAcceptance(this.#knowledge.acceptanceOf(`${name} ${rule} ${this.#kind}`));
    // What is read off a text is the same under every rule, and so is its chance.
    const acceptance = { matching: under('matching'), rejection: under(price ? 'rejection' : 'matching') };
    return { probing, record: new TrackRecord(), acceptance };
  }
}
