import { answerJson } from '../http/answers.ts';
import { httpErrorOf } from '../http/http-error.ts';
import type { Route } from '../http/route.ts';

/**
 * `GET /healthz`: 200 when the database can be read, 503 when not, or not within `limits.healthMs`. It needs no token and tells
 * no more than that, and the id of this run of the server.
 */
export function healthRoute(instance: string): Route {
  return {
    methods: ['GET'],
    path: '/healthz',
    access: 'public',
    async handle({ database, response, limits }) {
      const timeLimit = AbortSignal.timeout(limits.healthMs);
      try {
        // Of the operations that only read, this one stops waiting for another connection's lock.
        await database.querySql({ sql: 'SELECT count(*) FROM sqlite_schema', signal: timeLimit });
        answerJson(response, 200, { status: 'ok', instance });
      } catch (error) {
        const code = timeLimit.aborted ? 'TIME_LIMIT' : httpErrorOf(error).code;
        answerJson(response, 503, { status: 'unavailable', instance, code });
      }
    },
  };
}
