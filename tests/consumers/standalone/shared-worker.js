import { save } from './save.js';

addEventListener('connect', ({ ports: [port] }) => {
  port.addEventListener('message', async ({ data }) => port.postMessage(await save(data)));
  port.start();
});
