import type { PageRequest } from '../page-request.ts';
import { answer } from './answer.ts';

globalThis.addEventListener('message', ({ data }: MessageEvent<PageRequest>) => {
  void answer(data).then((answered) => globalThis.postMessage(answered));
});
