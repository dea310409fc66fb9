import { answerJson } from '../http/answers.ts';
import { httpErrorOf } from '../http/http-error.ts';
import type { Route } from '../http/route.ts';

/**
 * `GET /healthz`: 200 when the database can be read, 503 when not. It needs no token and tells no more than that, and the id
 * of this run of the server, by which a state file is compared with the server at its address.
 */
export function healthRoute(instance: string): Route {
  return {
    methods: ['GET'],
    path: '/healthz',
    access: 'public',
    async handle({ database, response }) {
      try {
        await database.historyStatus();
        answerJson(response, 200, { status: 'ok', instance });
      } catch (error) {
        answerJson(response, 503, { status: 'unavailable', instance, code: httpErrorOf(error).code });
      }
    },
  };
}
