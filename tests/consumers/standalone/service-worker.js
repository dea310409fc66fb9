import { save } from './save.js';

addEventListener('message', (event) =>
  event.waitUntil(save(event.data).then((answer) => event.ports[0].postMessage(answer))),
);
