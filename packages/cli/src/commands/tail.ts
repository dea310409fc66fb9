import { defineCommand, type Command } from '../command.ts';
import { hasCode } from '../failures.ts';
import { flag, optionalCount, optionalText } from '../parameters.ts';
import { omitUndefined } from '../omit-undefined.ts';
import { eventLines } from '../output/events.ts';

export const tail: Command = defineCommand({
  name: 'db tail',
  summary: 'Print the events of the change log, oldest first, and follow them',
  notes:
    'Each line is one event (CloudEvents 1.0): a row that was saved, logged or adopted, or rows that were deleted. To go on ' +
    'later without missing or repeating one, give the id of the last event that you handled to --after. After a restore, a ' +
    'reset or an import such an id is refused (CHANGE_LOG_RESET); the number alone cannot tell. --follow waits for the ' +
    'commits of every process. A database without a change log has no events (db history).',
  database: 'existing',
  positionals: {},
  options: {
    follow: flag({ description: 'wait for further events until interrupted' }),
    after: optionalText({
      placeholder: 'EVENT',
      description: 'id or number of the event to go on after, or latest (default: from the first)',
    }),
    limit: optionalCount({ placeholder: 'N', description: 'number of events to end after' }),
    rows: flag({ description: 'put the row into each event, as the event notes it' }),
  },
  examples: [
    `ggen-sim db tail --rows | jq -r 'select(.data.table == "receipts") | .data.row.agent_id'`,
    'ggen-sim db tail --after 1 --limit 10',
    `ggen-sim db tail --after latest --limit 1`,
  ],
  async run({ follow, after, limit, rows }, context) {
    await using database = await context.openDatabase();
    const signal = context.interruption.cancellable();
    const position = after !== undefined && /^\d+$/u.test(after) ? Number(after) : after;
    const events = database.changes({ follow, rows, signal, ...omitUndefined({ after: position, limit }) });
    try {
      for await (const lines of eventLines(events)) await context.stdout.write(lines);
    } catch (error) {
      // An interruption is how following ends, so it is no error.
      const { exitCode } = context.interruption;
      if (exitCode === undefined || !hasCode(error, 'ABORTED')) throw error;
      return exitCode;
    }
    return undefined;
  },
});
