/** What front ends ask before they generate. */
import type { ServerContext } from '../dialect.js';
import { DEFAULT_MAX_LENGTH } from './generate-request.js';

/** The KoboldCpp whose routes these are: front ends switch features on by it. Llama.cpp's and later ones are not claimed. */
const KOBOLDCPP_VERSION = '1.102';
/** Of KoboldAI's own interface; stop sequences are there from 1.2.2 on. */
const KOBOLDAI_VERSION = '1.2.5';

const ABSENT_FEATURES = {
  txt2img: false,
  vision: false,
  audio: false,
  transcribe: false,
  multiplayer: false,
  websearch: false,
  tts: false,
  embeddings: false,
  savedata: false,
  admin: 0,
  guidance: false,
  jinja: false,
  mcp: false,
  music: false,
  router: false,
};

type Answer = (server: ServerContext, authorised: boolean) => unknown;

/** By path; all of them answer without a key, and tell the model's name only to who has one. */
export const INFORMATION: Readonly<Record<string, Answer>> = {
  '/api/v1/model': ({ service }, authorised) => ({
    result: `koboldcpp/${authorised ? service.description.target.name : 'protected-model'}`,
  }),
  '/api/v1/info/version': () => ({ result: KOBOLDAI_VERSION }),
  '/api/v1/config/max_context_length': contextLength,
  '/api/v1/config/max_length': () => ({ value: DEFAULT_MAX_LENGTH }),
  '/api/v1/config/soft_prompt': () => ({ value: '' }),
  '/api/v1/config/soft_prompts_list': () => ({ values: [] }),
  '/api/extra/true_max_context_length': contextLength,
  '/api/extra/version': ({ settings }) => ({
    result: 'KoboldCpp',
    version: KOBOLDCPP_VERSION,
    protected: settings.apiKeys.length > 0,
    ...ABSENT_FEATURES,
  }),
  '/api/extra/preloadstory': () => ({}),
  '/sdapi/v1/sd-models': () => [],
  '/sdapi/v1/samplers': () => [],
  '/.well-known/serviceinfo': ({ version }) => ({
    version: '0.2',
    software: { name: 'Outrider', version },
    api: {
      koboldai: { name: 'KoboldAI API', rel_url: '/api', version: KOBOLDAI_VERSION },
      openai: { name: 'OpenAI API', rel_url: '/v1', documentation: '/api/outrider/openapi.json', version: '1' },
    },
  }),
  '/ping': () => ({ status: 'healthy' }),
  '/sdapi/v1/options': () => ({ samples_format: 'png', sd_model_checkpoint: '' }),
};

function contextLength({ service }: ServerContext): unknown {
  return { value: service.description.contextSize };
}
