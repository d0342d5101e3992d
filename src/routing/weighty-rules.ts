import type { RouteRules } from './rules.js';

/** Somebody asks what to do or to leave. */
const MAY_I = String.raw`(?=[^]*\b(?:(?:can|could|may|should|must|do|will|am) (?:i|we|my|he|she|they)\b|(?:is|are) (?:it|this|that|these|they) \p{L}|safe to\b))`;

/** Where a short answer is no light one: a wrong one does harm, or it has to be thought through. */
export const STAKES_RULES: RouteRules = [
  {
    name: 'stakes',
    to: 'target',
    reason: 'somebody may be in danger',
    when: {
      ask: String.raw`\b(?:chest pain|overdosed?|suicid\w*|kill myself|numb(?:ness)?|(?:can'?t|cannot) breathe|stroke|seizure|bleeding|unconscious|poison(?:ed|ing)|gas leak|carbon monoxide)\b`,
      askAtMost: 400,
    },
  },
  {
    name: 'stakes',
    to: 'target',
    reason: 'a question of health, law or money',
    when: {
      ask: [
        `^${MAY_I}[^]*\\b(?:medic\\w*|drugs?|doses?|dosage|mg|pills?|tablets?|ibuprofen|paracetamol|aspirin|antibiotics?|insulin|vaccin\\w*)\\b`,
        `^${MAY_I}[^]*\\b(?:pregnan\\w*|symptoms?|allerg\\w*|fever|rash|blood pressure|diabet\\w*|swallowed|ate|poison\\w*|bleach|ammonia|wiring|breaker)\\b`,
        `^${MAY_I}[^]*\\b(?:lawyer|lawsuit|sue|illegal|legal(?:ly)?|evict\\w*|landlord|lease)\\b`,
        `^${MAY_I}[^]*\\b(?:tax(?:es)?|mortgage|pension|invest\\w*|bankrupt\\w*)\\b`,
      ],
      askAtMost: 800,
    },
  },
  {
    name: 'word-problem',
    to: 'target',
    reason: 'a problem with numbers that has to be worked out',
    when: {
      ask: String.raw`^(?=[^]*\d[^\d]+\d)[^]*\b(?:how (?:many|much|long|old|far|fast|often)|what (?:is|are|was) the (?:total|probability|chance|odds|sum|price|cost|average|speed|age|next)|when (?:will|do|does)|at what time)\b[^]*\?`,
      askAtMost: 800,
    },
  },
  {
    name: 'puzzle',
    to: 'target',
    reason: 'it has to be thought through, however short the answer',
    when: {
      ask: [
        String.raw`\b(?:puzzle|riddle|trick question|logically|syllogism|best move|checkmate|what day of the week)\b`,
        String.raw`\b(?:divisible|prime number|is \d+ (?:a )?prime|next (?:number )?in (?:the|this) (?:sequence|series))\b|\d ?[*×^] ?\d`,
        String.raw`\b(?:thread[- ]safe|race condition|deadlock|vulnerab\w*|injection|off[- ]by[- ]one|(?:time|space) complexity|big[- ]o)\b`,
        String.raw`\bif (?:all|every|no|some|none)\b[^?]*\b(?:then|does|do|is|are|must|can)\b[^?]*\?`,
        String.raw`\bwhat\b[^?\n]{0,40}\b(?:print|output|return|evaluate to)\b[^?\n]{0,40}\?`,
      ],
      askAtMost: 1500,
    },
  },
];

/** Signs of a role-play: what cards and their instructions say, deeds between asterisks. */
export const ROLE_PLAY: readonly string[] = [
  String.raw`\b(?:role-?play|in character|game ?master|dungeon master)\b`,
  String.raw`\{\{(?:char|user)\}\}|<START>|\b(?:personality|scenario):`,
  String.raw`\bnext (?:reply|message|turn) (?:of|as|for|in)\b|\bwrite only as\b`,
  String.raw`\b(?:not|never) (?:speak|decide|act|write|talk)\b[^.\n]{0,10}\b(?:for|as|what)\b`,
  String.raw`(?:^|\n)[^\n]{0,20}\*\p{Lu}[^*\n]{12,}[.!?,…]\*`,
];

/** A turn of a role-play: the character is the point of it. */
export const ROLE_PLAY_RULES: RouteRules = [
  { name: 'role-play', to: 'target', reason: 'a turn of a role-play', when: { text: ROLE_PLAY } },
];

/** Orders stand first or last; between them may be any text that is worked on. */
const nearEnds = (pattern: string): readonly string[] => [`^[^]{0,400}(?:${pattern})`, `(?:${pattern})[^]{0,300}$`];

/** Long or exacting work, whatever effort is declared. */
export const HARD_WORK_RULES: RouteRules = [
  {
    name: 'code',
    to: 'target',
    reason: 'code to write, mend or judge',
    when: {
      ask: nearEnds(
        String.raw`\b(?:write|implement|create|build|code|refactor|debug|fix|optimi[sz]e|port|rewrite|review|test|add|translate|convert)\b[^.?\n]{0,80}\b(?:functions?|class(?:es)?|programs?|scripts?|sql|quer(?:y|ies)|modules?|components?|apis?|endpoints?|parsers?|caches?|algorithms?|unit tests?|tests?|regex(?:es)?|code|bugs?|c\+\+|c#|rust|python|javascript|typescript|golang|java|kotlin|swift|haskell|bash|react|css|html)(?!\w)`,
      ),
    },
  },
  {
    name: 'code',
    to: 'target',
    reason: 'code to write, mend or judge',
    when: {
      instructions: String.raw`\b(?:programmer|developer|software engineer|senior engineer|coding assistant|coder)\b`,
    },
  },
  {
    name: 'proof',
    to: 'target',
    reason: 'a proof or a derivation',
    when: {
      ask: nearEnds(String.raw`\b(?:prove|proofs?|derive|show that|theorem)\b`),
    },
  },
  {
    name: 'long-text',
    to: 'target',
    reason: 'a long text to write',
    when: {
      ask: nearEnds(
        String.raw`\b(?:[3-9]\d\d|\d[.,]?\d{3})[ -]words?\b|\b(?:write|draft|compose)\b[^.?\n]{0,60}\b(?:essay|story|stories|article|chapter|report|speech|novel|screenplay)\b`,
      ),
    },
  },
];

/** Signs of weight. */
export const JUDGEMENT_RULES: RouteRules = [
  {
    name: 'judgement',
    to: 'target',
    reason: 'it asks for judgement, comparison, style or a plan',
    when: {
      ask: nearEnds(
        String.raw`\b(?:solve|equation|integral|step[ -]by[ -]step|analy[sz]e|compare|comparison|evaluate|assess|critique|argue|trade-?offs?|pros and cons|strategy|design|plan|review|risks?|advice|advise|should (?:i|we)|in detail|detailed|in depth|thorough(?:ly)?|explain (?:why|how)|point out|rhymes?|nuances?|poem|sonnet|song|lyrics|letter|proposal|blog post)\b`,
      ),
    },
  },
  {
    name: 'code',
    to: 'target',
    reason: 'it is about code',
    when: { ask: '```|`[^`\\n]{12,}`' },
  },
];
