import { defineCommand, type Command } from '../command.ts';
import { UsageError } from '../failures.ts';
import { reportJson } from '../output/reports.ts';
import { optionalText } from '../parameters.ts';

export const exportOtlp: Command = defineCommand({
  name: 'db export-otlp',
  summary: 'Export what is stored as spans to a collector of OpenTelemetry',
  notes:
    'Sends OTLP/HTTP with JSON: an invoke_agent span for each receipt, execute_tool for each audited operation that ended, ' +
    'update_memory for each memory that was saved. Ids are hashes of what is stored, so the same export makes the same ' +
    'spans. Prints how many were sent, and the id of the last event, to give to --after the next time. The standard ' +
    'variables OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS (name=value, with commas between) are read. It ' +
    'needs a change log (db history).',
  database: 'existing',
  positionals: {},
  options: {
    endpoint: optionalText({
      placeholder: 'URL',
      description: 'address of the collector, without /v1/traces (default: $OTEL_EXPORTER_OTLP_ENDPOINT)',
    }),
    after: optionalText({
      placeholder: 'EVENT',
      description: 'id or number of the event to go on after, or latest (default: from the first)',
    }),
  },
  examples: [
    'ggen-sim db export-otlp --endpoint http://127.0.0.1:4318',
    'ggen-sim db export-otlp --endpoint http://127.0.0.1:4318 --after "$last" | jq -r .after',
  ],
  async run({ endpoint: given, after }, context) {
    const { environment } = context.locations;
    const endpoint = given ?? (environment['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined);
    if (endpoint === undefined) {
      throw new UsageError('The collector is not given', 'Give its address with --endpoint');
    }
    const headers = headersIn(environment['OTEL_EXPORTER_OTLP_HEADERS'] ?? '');
    const { exportSpans } = await import('@ggen-sim/serve');
    await using database = await context.openDatabase();
    const position = after !== undefined && /^\d+$/u.test(after) ? Number(after) : after;
    const report = await exportSpans(database, {
      endpoint,
      headers,
      signal: context.interruption.cancellable(),
      ...(position !== undefined && { after: position }),
    });
    await context.stdout.writeLine(reportJson(report));
  },
});

/** Reads headers as OpenTelemetry writes them in a variable: `name=value`, percent-encoded, with commas between. */
function headersIn(variable: string): Record<string, string> {
  const pairs = variable.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value = ''] = /^\s*([!#$%&'*+.^`|~\w-]+)\s*=(.*)$/su.exec(pair) ?? [];
      // The variable may hold a secret, so it is not shown.
      if (name === undefined)
        throw new UsageError('OTEL_EXPORTER_OTLP_HEADERS must be name=value, with commas between');
      try {
        return [name, decodeURIComponent(value.trim())];
      } catch {
        throw new UsageError(`The value of ${name} in OTEL_EXPORTER_OTLP_HEADERS is not percent-encoded`);
      }
    }),
  );
}
