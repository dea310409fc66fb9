import { allErrorsOf } from '../errors.ts';
import { VERSIONS } from '../versions.ts';
import {
  type Severity,
  type ValidatedFiles,
  type ValidationRun,
  onlyDocument,
  severityOf,
} from './result-severity.ts';

const LEVELS: Readonly<Record<Severity, string>> = { violation: 'error', warning: 'warning', info: 'note' };

/**
 * Writes SARIF 2.1.0 (OASIS): a result for each validation result; notifications for errors and what was not evaluated.
 * Several validations are invocations of one run, because code scanning accepts one run of a tool in a file.
 */
export function sarifReport(reported: readonly ValidatedFiles[]): string {
  const rules = new Set(
    reported.flatMap(({ run }) => run.violations.map((violation) => violation.sourceConstraintComponent)),
  );
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'ggen-sim',
            version: VERSIONS['@ggen-sim/agents'],
            informationUri: 'https://github.com/ggen-sim/ggen-sim',
            rules: [...rules].map((id) => ({ id })),
          },
        },
        invocations: reported.map(({ run }) => invocationOf(run)),
        results: reported.flatMap(resultsOf),
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
  return `${JSON.stringify(log)}\n`;
}

function invocationOf({ error, receipt }: ValidationRun): object {
  return {
    executionSuccessful: error === null,
    startTimeUtc: receipt.started_at,
    endTimeUtc: receipt.finished_at,
    toolExecutionNotifications: [
      ...(error === null ? [] : allErrorsOf(error)).map(({ code, message, location, file: place }) => ({
        level: 'error',
        message: { text: message },
        descriptor: { id: code },
        locations: locationsOf(location?.name ?? place, location),
      })),
      ...receipt.not_evaluated.map((part) => ({
        level: 'warning',
        message: { text: `Not evaluated: ${part}` },
      })),
    ],
  };
}

function resultsOf({ run, files }: ValidatedFiles): object[] {
  const file = onlyDocument(files);
  return run.violations.map((violation) => ({
    ruleId: violation.sourceConstraintComponent,
    level: LEVELS[severityOf(violation.severity)],
    message: {
      text: violation.message === '' ? violation.sourceConstraintComponent : violation.message,
    },
    locations: [
      {
        ...(file === undefined ? {} : { physicalLocation: { artifactLocation: { uri: uriOf(file) } } }),
        logicalLocations: [{ fullyQualifiedName: violation.focusNode, kind: 'resource' }],
      },
    ],
    properties: { path: violation.path, value: violation.value, shape: violation.shape },
  }));
}

function locationsOf(
  file: string | undefined,
  position: { readonly line: number; readonly column: number } | undefined,
): object[] {
  if (file === undefined) return [];
  const region =
    position === undefined ? {} : { region: { startLine: position.line, startColumn: position.column } };
  return [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region } }];
}

/** Writes a path as a relative or absolute reference (RFC 3986), with `/` between folders. */
function uriOf(file: string): string {
  const path = file.toWellFormed().replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${path}` : path;
}
