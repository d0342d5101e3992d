/**
 * What is counted, for Prometheus. Every metric that llama-server has too has its name beside ours, so that dashboards made for it
 * work.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { FinishEvent, GenerationEvent, RoundEvent } from '../engine/events.js';
import type { EngineService } from '../engine/service.js';
import type { ActivityListener, Generation } from './activity.js';

const NAMESPACES = ['outrider_', 'llamacpp:'] as const;

const COUNTERS = {
  prompt_tokens_total: 'Prompt tokens evaluated',
  prompt_tokens_cached_total: 'Prompt tokens that were still in the cache',
  prompt_tokens_shifted_total: 'Cached tokens that were used at another position than they were evaluated at',
  prompt_seconds_total: 'Time of evaluating prompts',
  tokens_predicted_total: 'Tokens written',
  tokens_predicted_seconds_total: 'Time of writing tokens',
  n_decode_total: 'Rounds: passes of the target, counted for each request that takes part',
  spec_decode_num_drafts_total: 'Rounds that drafted',
  spec_decode_num_draft_tokens_total: 'Tokens drafted',
  spec_decode_num_accepted_tokens_total: 'Draft tokens accepted',
  spec_decode_num_accepted_tokens_per_pos_total: 'Draft tokens accepted, by their place in the draft',
} as const;
type CounterName = keyof typeof COUNTERS;

const GAUGES = {
  n_tokens_max: 'The most tokens of a request so far, prompt and answer',
  prompt_tokens_seconds: 'Prompt tokens a second, of the last request',
  predicted_tokens_seconds: 'Tokens a second, of the last request',
  requests_processing: 'Requests that run',
  requests_deferred: 'Requests that wait',
  n_busy_slots_per_decode: 'Requests that run, averaged over rounds',
} as const;
type GaugeName = keyof typeof GAUGES;

/** Seconds to the first text: from a cached chat on a small model to a long prompt on a slow machine. */
const FIRST_TEXT_BUCKETS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];

/** Listens to the activity and tells what it heard. */
export class Metrics implements ActivityListener {
  readonly registry = new Registry();
  readonly #service: Pick<EngineService, 'status'>;
  readonly #now: () => number;
  readonly #counters = Object.fromEntries(
    Object.entries(COUNTERS).map(([name, help]) => [name, this.#named(name, help, Counter)]),
  ) as Record<CounterName, readonly Counter[]>;
  readonly #gauges = Object.fromEntries(
    Object.entries(GAUGES).map(([name, help]) => [name, this.#named(name, help, Gauge)]),
  ) as Record<GaugeName, readonly Gauge[]>;
  readonly #generations = new Counter({
    name: 'outrider_generations_total',
    help: 'Generations that ended, by dialect and outcome',
    labelNames: ['dialect', 'outcome'],
    registers: [this.registry],
  });
  readonly #routes = new Counter({
    name: 'outrider_routes_total',
    help: 'Generations of mode auto that ended, by who wrote them and by the rule that decided',
    labelNames: ['to', 'rule'],
    registers: [this.registry],
  });
  readonly #restarts = new Gauge({
    name: 'outrider_engine_restarts',
    help: 'How often the engine died and came back',
    registers: [this.registry],
  });
  readonly #firstText = new Histogram({
    name: 'outrider_time_to_first_text_seconds',
    help: 'From the arrival of a request to its first text, its time in the queue included',
    buckets: FIRST_TEXT_BUCKETS,
    registers: [this.registry],
  });
  /** Generations that run, and whether any text of them was seen. */
  readonly #running = new Map<number, { sawText: boolean }>();
  #longest = 0;
  #rounds = 0;
  #busySum = 0;

  /** @param now milliseconds of a steady clock */
  constructor(service: Pick<EngineService, 'status'>, now: () => number) {
    this.#service = service;
    this.#now = now;
  }

  onEvent(event: GenerationEvent, { id, arrived }: Generation): void {
    if (event.type === 'start') this.#running.set(id, { sawText: false });
    if (event.type === 'round') this.#countRound(event);
    const state = this.#running.get(id);
    if (event.type !== 'text' || state === undefined || state.sawText) return;
    state.sawText = true;
    this.#firstText.observe((this.#now() - arrived) / 1000);
  }

  onEnd({ id, dialect }: Generation, finish: FinishEvent | undefined): void {
    this.#running.delete(id);
    this.#generations.inc({ dialect, outcome: finish?.reason ?? 'failed' });
    if (finish?.route !== undefined) this.#routes.inc({ to: finish.route.to, rule: finish.route.rule });
    if (finish !== undefined) this.#countFinish(finish);
  }

  /** All metrics in Prometheus' text format. */
  async text(): Promise<string> {
    const { running, queued, restarts } = await this.#service.status();
    this.#set('requests_processing', running);
    this.#set('requests_deferred', queued);
    this.#restarts.set(restarts);
    return this.registry.metrics();
  }

  #countRound({ draft, dropped, accepted }: RoundEvent): void {
    this.#rounds++;
    this.#busySum += this.#running.size;
    this.#set('n_busy_slots_per_decode', this.#busySum / this.#rounds);
    this.#add('n_decode_total', 1);
    const drafted = draft.tokens.length + dropped;
    if (drafted === 0) return;
    this.#add('spec_decode_num_drafts_total', 1);
    this.#add('spec_decode_num_draft_tokens_total', drafted);
    this.#add('spec_decode_num_accepted_tokens_total', accepted);
    for (let position = 0; position < accepted; position++) {
      this.#add('spec_decode_num_accepted_tokens_per_pos_total', 1, { position });
    }
  }

  #countFinish({ promptTokens, cachedTokens = 0, shifted = 0, completionTokens, timings }: FinishEvent): void {
    this.#add('prompt_tokens_total', promptTokens - cachedTokens);
    this.#add('prompt_tokens_cached_total', cachedTokens);
    this.#add('prompt_tokens_shifted_total', shifted);
    this.#add('prompt_seconds_total', timings.promptMs / 1000);
    this.#add('tokens_predicted_total', completionTokens);
    this.#add('tokens_predicted_seconds_total', timings.predictedMs / 1000);
    this.#longest = Math.max(this.#longest, promptTokens + completionTokens);
    this.#set('n_tokens_max', this.#longest);
    if (timings.promptPerSecond !== null) this.#set('prompt_tokens_seconds', timings.promptPerSecond);
    if (timings.predictedPerSecond !== null) this.#set('predicted_tokens_seconds', timings.predictedPerSecond);
  }

  #add(name: CounterName, amount: number, labels: Record<string, number> = {}): void {
    for (const counter of this.#counters[name]) counter.inc(labels, amount);
  }

  #set(name: GaugeName, value: number): void {
    for (const gauge of this.#gauges[name]) gauge.set(value);
  }

  /** A metric under our name and under llama-server's. */
  #named<Metric>(name: string, help: string, Kind: new (options: MetricOptions) => Metric): readonly Metric[] {
    const labelNames = name.includes('per_pos') ? ['position'] : [];
    return NAMESPACES.map(
      (namespace) => new Kind({ name: `${namespace}${name}`, help, labelNames, registers: [this.registry] }),
    );
  }
}

interface MetricOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: Registry[];
}
