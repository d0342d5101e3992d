import type { RouteRules } from './rules.js';

/** A system message without a task of its own. */
const ASSISTANT = String.raw`you are [^\n]{0,100}\b(?:assistant|helper|ai)\b[^\n]{0,80}`;
/** The beginning of what is asked where at most such a message stands before it. */
const PLAINLY = `^(?:${ASSISTANT}\\n)?`;

/** So few tokens that little can be lost; but a question of one line can need thought however short its answer. */
export const FEW_TOKENS_RULES: RouteRules = [
  {
    name: 'low-effort',
    to: 'draft',
    reason: 'the client declares that it deserves little thought and few tokens',
    when: { effort: ['none', 'minimal', 'low'], maxTokensAtMost: 160 },
  },
  {
    name: 'one-question',
    to: 'undecided',
    reason: 'a bare question may need thought, however short its answer',
    when: { instructions: `${PLAINLY}[^\\n"“„«]*\\?[^\\n]{0,80}$`, askAtMost: 400, maxTokensAtMost: 160 },
  },
  {
    name: 'few-tokens',
    to: 'draft',
    reason: 'the answer may have a few tokens only',
    when: { maxTokensAtMost: 32 },
  },
  {
    name: 'completion',
    to: 'draft',
    reason: 'a few tokens to go on with, as editors ask for',
    when: { chat: false, maxTokensAtMost: 64 },
  },
];

/** Answers that are to be short and nothing else, such as small helpers of programs want them. */
export const BARE_ANSWER_RULES: RouteRules = [
  {
    name: 'helper',
    to: 'draft',
    reason: 'a small helper with a task of its own and a short answer',
    when: { system: `^(?!${ASSISTANT}\\s*$)[^]{20,}`, maxTokensAtMost: 160 },
  },
  {
    name: 'one-word',
    to: 'draft',
    reason: 'a word about a long text',
    when: {
      ask: [
        String.raw`(?:^[^]{0,300}|\b)(?:one|a single) word\b`,
        String.raw`\b(?:only|just) the \p{L}+\b[^\n]{0,20}$`,
      ],
      askAtLeast: 500,
    },
  },
  {
    name: 'bare-answer',
    to: 'draft',
    reason: 'a short bare answer is asked for',
    when: {
      instructions: [
        String.raw`\b(?:answer|reply|respond|return|print|output|write|give|say)\b[^.\n]{0,40}\b(?:only|alone|nothing else|nothing but|just|one word|single word)\b`,
        String.raw`\b(?:only|one per line|nothing else|no (?:comment|explanation|other text)s?)[.)\]]|\bone (?:per|a) line\b`,
      ],
      maxTokensAtMost: 128,
    },
  },
];

const LANGUAGE =
  '(?:english|french|german|spanish|italian|portuguese|dutch|swedish|norwegian|danish|finnish|polish|czech|russian|ukrainian|greek|turkish|arabic|hebrew|hindi|chinese|japanese|korean|latin|englisch|französisch|deutsche?|spanisch|italienisch|anglais|français|allemand|espagnol|italien|inglés|francés|alemán|español)';
/** Not verse, and nothing of which every shade counts. */
const NO_ART = String.raw`^(?![^]*\b(?:tone|rhymes?|poem|verse|haiku|nuances?|connotations?|idioms?|slogan|pun|legal|marketing|natural(?:ly)?|preserve|contract|code)\b|(?:[^]*\n){3})`;
const FORM = String.raw`\b(?:list|bullets?|table|csv|json|yaml|markdown|alphabet(?:ical|ically)?|order|(?:upper|lower|title) ?case|per line|commas?|typos?|spelling|punctuation|grammar|duplicates?|line breaks?|spaces?|lines?)\b`;
const THIS_TEXT = '(?:this|my|the (?:text|following|mail|message|sentence))';

/** Small transformations of what is given. */
export const TRANSFORMATION_RULES: RouteRules = [
  {
    name: 'extract',
    to: 'draft',
    reason: 'something to find in a text',
    when: {
      ask: [
        String.raw`^(?:please )?(?:extract|pull out|pick out|list) (?:all |every |the |any |just )*(?:e-?mails?|names?|dates?|addresses|address|urls?|links?|phone|amounts?|prices?|places?|cities|companies|hashtags?)\b`,
        `^(?:please )?(?:extract|pull out|pick out|find)(?: [\\p{L}-]+){1,4} (?:from|in) ${THIS_TEXT}\\b`,
        `^(?:pull|get|take|copy)\\b[^.\\n]{0,60}\\b(?:out of|from) ${THIS_TEXT}\\b`,
        `^what(?:'s| is) the (?:\\p{L}+ )?(?:number|date|name|e-?mail|address|price|total|amount|deadline|sender|phone) in ${THIS_TEXT}\\b`,
      ],
    },
  },
  {
    name: 'format',
    to: 'draft',
    reason: 'a text to put in another form',
    when: {
      ask: [
        `^(?:please )?(?:can you )?(?:make|turn|put|convert|change|number) (?:this|these|the following|it|them|that|the|my|all)\\b[^\\n]{0,80}${FORM}`,
        `^(?:please )?(?:can you )?(?:sort|alphabeti[sz]e|capitali[sz]e|lowercase|uppercase|format|reformat|dedupe|deduplicate|fix|correct|proofread|remove)\\b[^\\n]{0,80}${FORM}`,
        String.raw`^(?:please )?(?:uppercase|lowercase|capitali[sz]e|alphabeti[sz]e|format) (?:this|these|the following)\b`,
        `^(?:as (?:an? )?|(?:turn|convert|change|put) (?:in)?to\\b[^\\n]{0,30})${FORM}`,
        String.raw`^(?:write|put|add|insert) (?:these|this|those|an?)\b[^\n]{0,60}\b(?:separators?|commas?|quotes?|dash(?:es)?|brackets|parentheses|(?:every|each) (?:word|line))\b`,
        String.raw`^(?:bitte )?[^\n]{0,40}\b(?:sortieren|formatieren|umwandeln)\b`,
        String.raw`^(?:bitte )?(?:sortiere|formatiere|mache? (?:daraus|das|dies)|mets|trie|formate|convertis|ordena|pon|convierte)\b`,
        String.raw`\b(?:change|alter|keep|leave) (?:nothing|everything|anything) else\b`,
      ],
      askAtMost: 2000,
    },
  },
  {
    name: 'translate-phrase',
    to: 'draft',
    reason: 'a word or a phrase to translate',
    when: {
      ask: [
        `${NO_ART}[^]*\\b(?:how (?:do|would) (?:you|i|we) say|c[oó]mo se dice|wie sagt man|was hei(?:ß|ss)t|comment (?:dit-on|on dit|dire)|come si dice|como se diz)\\b`,
        `${NO_ART}[^]*\\b(?:translate|übersetze?|traduci[rs]?|traduce|traduis)\\b`,
        `${NO_ART}[^]*\\b(?:in|en|auf|ins|into|to|al) ${LANGUAGE}\\b`,
        `${NO_ART}[^]*\\b${LANGUAGE} (?:word|term|name) for\\b`,
      ],
      askAtMost: 160,
    },
  },
  {
    name: 'classify',
    to: 'draft',
    reason: 'a text to put in a class',
    when: {
      ask: [
        String.raw`^(?:please )?(?:classify|categori[sz]e|label|tag)\b`,
        String.raw`\b(?:what|which) language is (?:this|it|that|the following)\b`,
        String.raw`\bis (?:this|the following)\b[^.\n]{0,40}\b(?:positive|negative|spam|formal|sarcastic)\b`,
      ],
      askAtMost: 3000,
    },
  },
  {
    name: 'name',
    to: 'draft',
    reason: 'a name for something',
    when: {
      ask: [
        String.raw`^(?:please )?(?:suggest|give me|propose|find|think of|come up with|rename)\b[^.\n]{0,40}\bnames?\b`,
        String.raw`^(?:an? )?(?:better |good |short |other )*names? for\b`,
      ],
      askAtMost: 300,
    },
  },
  {
    name: 'word',
    to: 'draft',
    reason: 'a word to spell or to find',
    when: {
      ask: String.raw`\b(?:synonyms?|antonyms?|another word|plural|past tense|opposite|abbreviation|spell(?:ed|ing)?|what does [^?\n]{1,30} (?:mean|stand for)|emojis?)\b`,
      askAtMost: 100,
    },
  },
];

const UNIT =
  '(?:km|kilomet(?:er|re)s?|miles?|cm|centimet(?:er|re)s?|inch(?:es)?|feet|ft|met(?:er|re)s?|kg|kilos?|kilograms?|lbs?|pounds?|ounces?|oz|grams?|cups?|ml|lit(?:er|re)s?|gallons?|pints?|(?:table|tea)spoons?|tbsp|tsp|celsius|fahrenheit|°[cf]|[cf])';

/** Arithmetic that is one step. */
export const CONVERSION_RULES: RouteRules = [
  {
    name: 'conversion',
    to: 'draft',
    reason: 'units to convert',
    when: {
      ask: [
        `^\\W*(?:convert|how (?:many|much)|what(?:'s| is)) [^?\\n]{0,30}\\b${UNIT}\\b[^?\\n]{0,20}\\b(?:in|to|is|are)\\b[^?\\n]{0,20}\\??\\s*$`,
        `^\\d[\\d.,]* ?${UNIT} (?:in|to) ${UNIT}\\W*$`,
        String.raw`^\W*what(?:'s| is) \d[\d.,]* ?(?:%|percent) of \d[\d.,]*\W*$`,
      ],
      askAtMost: 70,
    },
  },
];

const ATTRIBUTE =
  '(?:capital|currency|population|area code|time ?zone|symbol|number|point|height|length|depth|size|age|distance|date|year|colou?r|author|president|birthday|name|plural|language|hauptstadt|währung|capitale|monnaie|moneda)';
/** A short question without a word that makes it one of thought. */
const FACT = `${PLAINLY}${String.raw`(?![^]*\b(?:why|explain|should|best|better|worst|if|prove|compare|difference|meaning|purpose|the point of|reason|cause|impact|effect|role|relationship|secret|nature|future|or|right|wrong|good|bad|letters?|ways|syllables|vowels|does it take|warum|wieso|pourquoi|por qué)\b)\W*`}`;

const GREETING =
  'hi+|hello|hey+|yo|hiya|howdy|good (?:morning|afternoon|evening|night)|greetings|hallo|moin|servus|guten (?:morgen|tag|abend)|bonjour|bonsoir|salut|coucou|hola|buen[oa]s (?:días|tardes|noches)|ciao|olá';
const THANKS =
  'thanks?|thank you|thx|ty|cheers|danke|vielen dank|merci|gracias|grazie|great|perfect|ok(?:ay)?|cool|nice|got it|bye|goodbye|see you|tschüss|au revoir|adiós';
/** A pleasantry that a task follows. */
const WITH_A_TASK = String.raw`[^]*\b(?:(?:can|could|would|will) you|help|need|want|write|make|add|explain|why|code|fix|change|refactor|translate|summari[sz]e|tell|show|give|list|what is|how (?:do|to|can)|next|more|instead|but|kannst|könntest|brauche|möchte|hilf|besoin|aide|voudrais|necesito|ayuda|quiero|pouvez|peux|puedes|podrías)\b`;

/** Messages that a small model answers as well. */
export const SMALL_TALK_RULES: RouteRules = [
  {
    name: 'greeting',
    to: 'draft',
    reason: 'a greeting',
    when: {
      instructions: [
        `${PLAINLY}(?!${WITH_A_TASK})\\W*(?:${GREETING})\\b[^\\n]{0,80}$`,
        `${PLAINLY}\\W*(?:(?:are|who are|what are) you(?: there| awake| online| ready| real| human| an? (?:ai|bot|human|robot))?|test(?:ing)?|ping)\\W*$`,
      ],
    },
  },
  {
    name: 'thanks',
    to: 'draft',
    reason: 'thanks or a farewell',
    when: { instructions: `${PLAINLY}(?!${WITH_A_TASK})\\W*(?:${THANKS})\\b[^?\\n]{0,50}$` },
  },
  {
    name: 'lookup',
    to: 'draft',
    reason: 'a fact to look up',
    when: {
      instructions: [
        `${FACT}(?:what|which) (?:time|day|year|month|country|city|language|currency|planet|element|animal|colou?r) [^\\n]*$`,
        `${FACT}what(?:'s| is| are| was) the (?:\\p{L}+est|most \\p{L}+) \\p{L}+ (?:in|on|of)\\b[^\\n]*$`,
        `${FACT}who (?:wrote|painted|invented|discovered|directed|composed|founded|sang|played|won|is|was)\\b[^\\n]*$`,
        `${FACT}(?:when|where|in (?:what|which) (?:year|city|country)) (?:is|was|were|did|are|does)\\b[^\\n]*$`,
        `${FACT}how (?:many|tall|far|old|high|deep|long|big|heavy|hot|fast|large|much) (?:is|was|are|do|does|did|\\p{L}+ \\p{L}+)[^\\n]*$`,
        `${FACT}define \\p{L}+\\W*$`,
        `${FACT}(?:wer (?:hat|war|ist)|wann (?:war|ist|wurde|hat)|wo (?:liegt|ist)|qui a|quand (?:a|est|fut)|quién|cuándo)\\b[^\\n]*$`,
        `${FACT}(?:what(?:'s| is| are| was) the |was ist die |wie heißt die |quelle est la |cu[aá]l es la )?(?:\\p{L}+ )?${ATTRIBUTE} (?:of|in|for|on|between|from|von|de|du|d['’]|del)\\b[^\\n]*$`,
        // A few words with a question mark, such as an attribute and what it is of.
        `${FACT}(?!(?:why|how|can|could|should|would|will|is|are|am|do|does|did|may|might|must|what|who|thoughts|opinion|any|ok|and|but|so)\\b)[\\p{L}\\d-]+(?: [\\p{L}\\d'’-]+){1,5}\\?$`,
      ],
      askAtMost: 80,
    },
  },
];
