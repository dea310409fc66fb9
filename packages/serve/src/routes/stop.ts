import { answerJson } from '../http/answers.ts';
import { STOP_PATH } from '../http/listener.ts';
import type { Route } from '../http/route.ts';

/**
 * `POST /stop`: stops the server. The answer comes when everything else has ended, so the caller knows that the database is
 * closed.
 */
export function stopRoute(stop: () => Promise<void>): Route {
  return {
    methods: ['POST'],
    path: STOP_PATH,
    async handle({ response }) {
      await stop();
      answerJson(response, 200, { stopped: true }, { connection: 'close' });
    },
  };
}
