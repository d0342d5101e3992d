import type { FinishEvent, StartEvent } from '../engine/events.js';

/** What a generation did, for people: speed, speculation where there was any, and how to get the text again. */
export function statisticsLines(start: StartEvent, finish: FinishEvent, loadMs: number): string[] {
  return [
    speedLine(finish, loadMs),
    ...droppedLine(finish),
    ...routeLine(finish),
    ...speculationLines(start, finish),
    ...leniencyLine(start),
    ...seedLine(start),
  ];
}

function speedLine({ timings, promptTokens, completionTokens, reason }: FinishEvent, loadMs: number): string {
  const speed = timings.predictedPerSecond === null ? '' : `, ${timings.predictedPerSecond.toFixed(1)} tokens/s`;
  const generated = `${tokens(completionTokens)} in ${seconds(timings.predictedMs)}${speed}`;
  const prompt = `prompt ${tokens(promptTokens)} in ${seconds(timings.promptMs)}`;
  return `${generated}; ${prompt}; loaded in ${seconds(loadMs)}; ended by: ${reason}`;
}

function droppedLine({ dropped }: FinishEvent): string[] {
  return dropped === undefined ? [] : [`the text outgrew the context: ${tokens(dropped)} left it`];
}

function speculationLines({ mode, draftMax }: StartEvent, { statistics }: FinishEvent): string[] {
  if (mode !== 'speculative') return [];
  const { rounds, drafted, accepted, rejected, discarded } = statistics;
  const { acceptanceRate, draftEfficiency, blockEfficiency } = statistics;
  if (drafted === 0) return ['speculation: nothing was drafted'];
  return [
    `speculation: ${rounds} rounds, drafts of at most ${draftMax}; drafted ${drafted} = accepted ${accepted} + rejected ${rejected} + discarded ${discarded}`,
    `acceptance rate ${percent(acceptanceRate)} of the judged tokens, draft efficiency ${percent(draftEfficiency)} of the drafted, block efficiency ${blockEfficiency?.toFixed(2) ?? '-'} tokens a round`,
  ];
}

/** In mode `auto`: who wrote it, and why. */
function routeLine({ route }: FinishEvent): string[] {
  if (route === undefined) return [];
  const { to, rule, reason, escalated } = route;
  const taken =
    escalated && ` (it took over behind ${tokens(escalated.atToken)}, confidence ${escalated.confidence.toFixed(2)})`;
  return [`route: ${to === 'draft' ? 'the draft model' : 'the target'}${taken ?? ''}, rule ${rule}: ${reason}`];
}

function leniencyLine({ leniency }: StartEvent): string[] {
  return leniency === undefined ? [] : [`not lossless: drafts were judged with leniency ${leniency}`];
}

/** Only match verification repeats a text by its seed, and only if nothing else passes; in mode `auto`, by whoever wrote it. */
function seedLine({ seed, seedOrigin, verification, leniency, mode, route }: StartEvent): string[] {
  if (seedOrigin === 'given' || verification !== 'match' || leniency !== undefined) return [];
  const flags = route === undefined ? `--seed ${seed}` : `--mode ${mode} --seed ${seed}`;
  return [`seed ${seed} was drawn; ${flags} brings this text again`];
}

function tokens(count: number): string {
  return `${count} token${count === 1 ? '' : 's'}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 1000 ? 3 : 2)} s`;
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)} %`;
}
