import { allErrorsOf } from '../errors.ts';
import { type Severity, type ValidationRun, onlyDocument, severityOf } from './result-severity.ts';

const COMMANDS: Readonly<Record<Severity, string>> = {
  violation: 'error',
  warning: 'warning',
  info: 'notice',
};

/** Writes workflow commands of GitHub Actions, one line for each result, error and part that was not evaluated. */
export function githubReport(run: ValidationRun, files: readonly string[]): string {
  const file = onlyDocument(files);
  const lines = run.violations.map(({ severity, sourceConstraintComponent, focusNode, path, message }) =>
    command(
      COMMANDS[severityOf(severity)],
      { file, title: sourceConstraintComponent },
      `${focusNode}${path === null ? '' : ` ${path}`}: ${message}`,
    ),
  );
  const errors = run.error === null ? [] : allErrorsOf(run.error);
  for (const { location, file: unreadable, code, message } of errors) {
    const place = {
      file: location?.name ?? unreadable,
      line: location?.line.toString(),
      col: location?.column.toString(),
    };
    lines.push(command('error', { ...place, title: code }, message));
  }
  for (const part of run.receipt.not_evaluated)
    lines.push(command('warning', { file, title: 'Not evaluated' }, part));
  return lines.join('');
}

function command(
  name: string,
  properties: Readonly<Record<string, string | undefined>>,
  message: string,
): string {
  const given = Object.entries(properties).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${escaped(value).replaceAll(':', '%3A').replaceAll(',', '%2C')}`],
  );
  return `::${name}${given.length === 0 ? '' : ` ${given.join(',')}`}::${escaped(message)}\n`;
}

/** Escapes as GitHub's own toolkit does (`@actions/core`). */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
