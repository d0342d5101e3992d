import type { RouteRules } from './rules.js';
import { ROLE_PLAY } from './weighty-rules.js';

/**
 * An order at the very beginning, behind what front ends put there: `### Task:`, a bracket, `OOC:`, a pause. Bounded: each of
 * its ends costs a search of what follows, and nobody is served meanwhile.
 */
const ORDER = String.raw`^[\s\[(*#]{0,40}(?:(?:task|aufgabe|tâche|tarea):?[\s*]{0,20})?(?:ooc\b[:,.]?\s*)?(?:pause\b[^.\n]{0,40}\.\s*)?(?:please,?\s+)?`;
const MAKE = String.raw`(?:generate|create|write|give|suggest|propose|provide|come up with|make|produce|find|choose|pick|think of|return|compose|assign|add|invent|draft|craft)\b`;
/** Up to seven words between a verb and its object: none that begins another object. */
const WORDS = String.raw` (?:(?!(?:with|for|of|in|that|to|and|page|app)\b)[\p{L}\d'’-]+,? ){0,7}`;
const CHAT = String.raw`\b(?:chats?|conversations?|discussions?|dialogues?|thread|exchange|session|chat_history)\b`;
const CHAT_ABROAD = String.raw`\b(?:gesprächs?|unterhaltung|conversation|conversación|échange|discussion|chat)\b`;

/** What a task of a front end never is. */
const BIG_WORK = String.raw`\b(?:code|function|script|essay|story|article|report|prove|poem|plan|analy[sz]e|compare)\b`;
/** Not how a person begins who asks about such a task instead of setting it. */
const SETS_IT = String.raw`^(?!\s*(?:how|why|should|is there|(?:what|which) (?:should|do|would|can|could) (?:i|we)|my|our)\b)`;

/** Steps out of the story: a message in brackets, `OOC`, or in words. */
const OUT_OF_STORY = String.raw`(?:\[(?=[^]*\]\s*$)|\(?(?:ooc|out of character)\b|(?:please,? )?(?:pause|stop)\b[.,:]|(?:please,? )?(?:pause|leave|halt|suspend|stop|ignore|disregard|forget|step out of|set aside)\b[^.\n]{0,60}\b(?:role-?play(?:ing)?|story|scene|chat|character|fiction|instructions?)\b)`;
/** What a small task yields. */
const SMALL_PRODUCT = String.raw`\b(?:only|alone|nothing else|no (?:comments?|prose|dialogue)|at most|(?:\d+|few|one|two|three) (?:words?|sentences?|wörter\w*|mots|palabras)|keywords?|tags?|list (?:the|all|every)|true or false|yes or no|summar\w*|sum up|recap|fass\w*|résum\w*|clothes|appearance|classify|titles?|name (?:this|the|only)|which of|(?:choose|pick) one|one of|rate)\b`;
/** Not the orders of front ends that want the role-play itself. */
const STORY_STOPS = String.raw`^(?![^]*\b(?:go on|carry on|continue|next (?:reply|message|turn|post|response)|in character|(?:first|third) person|point of view|(?:reply|respond|write|speak|act) (?:only )?as|start a new)\b)`;

/**
 * What front ends ask behind their user's back: Open WebUI's tasks, SillyTavern's quiet prompts, small helpers of editors.
 * Their wording changes from version to version and can be set by users, so it is the kind of order that is recognised.
 */
export const HOUSEKEEPING_RULES: RouteRules = [
  {
    name: 'title',
    to: 'draft',
    reason: 'a title for a chat',
    when: {
      ask: [
        `${ORDER}${MAKE}${WORDS}(?:titles?|heading|headline|name|label|caption)\\b[^]*${CHAT}`,
        `${ORDER}(?:name|title|label|rename) (?:this|the|our) ${CHAT}`,
        `${ORDER}[^.\\n]{0,60}\\b(?:in|into|as) (?:an?|one) (?:short |concise |brief )?(?:title|heading)\\b`,
        String.raw`\bwords? (?:phrase )?as (?:a|the) title\b`,
        `^[^?\\n]{0,80}\\b(?:titel|überschrift|titre|título)\\b[^]*${CHAT_ABROAD}`,
      ],
    },
  },
  {
    name: 'title',
    to: 'draft',
    reason: 'a title for a chat',
    when: {
      system: [
        `\\b(?:titles?|headings?)\\b[^.\\n]{0,40}${CHAT}`,
        `${CHAT}[^.\\n]{0,40}\\b(?:titles?|headings?)\\b`,
        `(?:^|\\byou |\\bto )(?:name|title|label)s? (?:the |a )?${CHAT}`,
      ],
      maxTokensAtMost: 1024,
    },
  },
  {
    name: 'tags',
    to: 'draft',
    reason: 'tags for a chat',
    when: {
      ask: `${ORDER}(?:${MAKE}${WORDS}|(?:sort|categori[sz]e|classify|tag|label) (?:this|the|our) ${CHAT}[^\\n]{0,40})\\b(?:tags?|topics?|categor(?:y|ies)|keywords?|themes?)\\b[^]*${CHAT}`,
    },
  },
  {
    name: 'follow-ups',
    to: 'draft',
    reason: 'what a user may ask next',
    when: {
      ask: [
        `${ORDER}${MAKE}[^\\n]{0,60}\\b(?:follow[ -]?ups? (?:questions?|prompts?|suggestions?)|(?:next|further) (?:questions?|prompts?))\\b`,
        `${ORDER}${MAKE}[^\\n]{0,60}\\b(?:questions?|things?|prompts?|messages?)\\b[^\\n]{0,40}\\buser\\b[^\\n]{0,30}\\b(?:ask|say|send)\\b`,
      ],
    },
  },
  {
    name: 'search-query',
    to: 'draft',
    reason: 'queries for a search',
    when: {
      ask: [
        `${ORDER}[^]{0,300}\\bsearch queries\\b[^]*${CHAT}`,
        `${ORDER}[^]{0,300}\\b(?:web|internet|online) search\\b[^]{0,200}\\bquer(?:y|ies)\\b[^]*${CHAT}`,
        `${ORDER}(?:rewrite|rephrase|reformulate)[^.\\n]{0,60}\\b(?:question|query|message)\\b[^.\\n]{0,80}\\b(?:stand-?alone|self-contained|without|on its own|by itself|quer(?:y|ies))\\b`,
      ],
    },
  },
  {
    name: 'emoji',
    to: 'draft',
    reason: 'an emoji for a message',
    when: {
      ask: `${ORDER}[^]{0,160}\\b(?:choose|pick|select|suggest|return|reply|respond|answer|output|give|reflect|express\\w*)\\b[^.\\n]{0,90}\\bemojis?\\b`,
    },
  },
  {
    name: 'autocomplete',
    to: 'draft',
    reason: 'completes what a user types',
    when: { ask: `${ORDER}[^]{0,160}\\b(?:auto-?complet|complet|continu)\\w*\\b[^]*<text>` },
  },
  {
    name: 'image-prompt',
    to: 'draft',
    reason: 'a prompt for an image model',
    when: {
      ask: SETS_IT,
      instructions: [
        `${ORDER}${MAKE}${WORDS}prompts?\\b[^.\\n]{0,60}\\b(?:image|picture|illustration|drawing)`,
        String.raw`\b(?:portrait|pictures?|images?|photo|looks|appearance|surroundings|stable diffusion|describe)\b[^]{0,160}\b(?:keywords, comma|(?:keywords|tags|phrases) only|comma[- ](?:separated|delimited))`,
        String.raw`\b(?:comma[- ](?:separated|delimited)|keywords?)\b[^.\n]{0,80}\b(?:portrait|pictures?|images?|photo|appearance|stable diffusion|describe)\b`,
      ],
    },
  },
  {
    name: 'image-prompt',
    to: 'draft',
    reason: 'a prompt for an image model',
    when: {
      system: String.raw`\bprompts?\b[^.\n]{0,60}\b(?:image|picture|diffusion|illustration|drawing|midjourney|flux|sdxl)`,
    },
  },
  {
    name: 'chat-summary',
    to: 'draft',
    reason: 'a summary of a chat, for its own memory',
    when: {
      ask: [
        `${ORDER}[^]{0,120}?\\b(?:summari[sz]e|summary|sum up|condense|recap|compress|shorten)\\b[^]{0,160}(?:${CHAT}|\\brole-?play(?:ing)?\\b|\\b(?:story|events?|happened|plot)\\b[^.\\n]{0,30}\\bso far\\b|\\b(?:the|text) above\\b|\\babove text\\b|\\bwhat (?:has )?happened\\b)`,
        `${ORDER}[^]{0,120}?\\b(?:fass(?:e|en)?|résume[rz]?|resum[ea])\\b[^]{0,160}${CHAT_ABROAD}`,
        `${ORDER}[^.\\n]{0,80}\\b(?:key|important|main) (?:facts?|events?|points?|details?)\\b[^.\\n]{0,60}\\b(?:so far|story|chat|conversation|role-?play|memory)\\b`,
      ],
    },
  },
  {
    name: 'expression',
    to: 'draft',
    reason: 'the feeling of a message, in a word',
    when: {
      ask: SETS_IT,
      instructions: String.raw`\b(?:classify|which|what|name|choose|pick)\b[^.\n]{0,60}\b(?:emotions?|feelings?|mood|expression|sentiment)\b[^]{0,300}\b(?:one|single|a) (?:word|label)\b`,
    },
  },
  {
    name: 'aside',
    to: 'draft',
    reason: 'a front end interrupts a role-play for a small task',
    when: { ask: `${STORY_STOPS}[\\s(*]*${OUT_OF_STORY}[^]*${SMALL_PRODUCT}`, askAtMost: 3000 },
  },
  {
    name: 'next-speaker',
    to: 'draft',
    reason: 'who speaks next',
    when: {
      ask: String.raw`\bwho\b[^.\n]{0,30}\b(?:speaks?|talks?|repl(?:y|ies)|responds?|acts?)\b[^.\n]{0,20}\bnext\b`,
      askAtMost: 3000,
    },
  },
  {
    name: 'front-end-task',
    to: 'draft',
    reason: 'a task that a front end sets about a chat',
    when: {
      ask: [
        // Open WebUI's frame: sections, the chat between tags, an answer with one of its keys.
        `^\\s*#+ *(?:task|aufgabe|tâche|tarea)\\b(?![^]{0,200}${BIG_WORK})[^]*\\n#+ *(?:guidelines|rules|output|chat history|examples?|message|context)\\b`,
        String.raw`<(chat_history|chat|history|conversation|messages|transcript)>[^]{10,}</\1>`,
        String.raw`\{ *"(?:title|tags|queries|follow_ups)"[^]*# *chat history\b`,
        // A transcript below an order.
        String.raw`\n(?:chat )?history:\s*(?:user|assistant)\b`,
        `${SETS_IT}(?![^\\n]{0,200}${BIG_WORK})[^?\\n]*\\n[^]*\\n(?:user|human): [^]*\\n(?:assistant|ai|bot|model): `,
      ],
    },
  },
  {
    name: 'commit-message',
    to: 'draft',
    reason: 'a message for a commit',
    when: {
      ask: SETS_IT,
      instructions: [
        String.raw`(?:^|\b(?:write|generate|output|compose|suggest|create|give|propose)s?\b)[^.\n]{0,60}\b(?:commit|pull request|pr|branch|changelog)\b[^.\n]{0,20}\b(?:messages?|subjects?|titles?|summar(?:y|ies)|names?|descriptions?|entry|line)\b`,
        String.raw`(?:^|\b(?:write|generate|output|compose)s?\b)[^.\n]{0,60}\bconventional commits?\b`,
      ],
    },
  },
];

/** A small task in a role-play that nothing announces. */
export const ASIDE_RULES: RouteRules = [
  {
    name: 'aside',
    to: 'draft',
    reason: 'a front end interrupts a role-play for a small task',
    when: {
      text: ROLE_PLAY,
      ask: [
        `${STORY_STOPS}(?!\\s*[*"“„])[^]*\\b(?:answer|reply|respond|return|print|output|list|classify|name)\\b[^.\\n]{0,40}\\b(?:only|alone|nothing else|nothing but|just|one word|single word|keywords)\\b`,
        `${STORY_STOPS}(?!\\s*[*"“„])[^]*\\b(?:comma[- ]separated|true or false|nur mit|antworte nur|seulement|uniquement|s[oó]lo con)\\b`,
      ],
      askAtMost: 800,
    },
  },
];
