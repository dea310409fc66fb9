import { allErrorsOf, describeError } from '../errors.ts';
import { type ValidatedFiles, type ValidationRun, severityOf } from './result-severity.ts';

/** Writes JUnit XML, with a test suite for each validation. Of several, each has the names of its files. */
export function junitReport(reported: readonly ValidatedFiles[]): string {
  const suites = reported.map(({ run, files }) =>
    suiteOf(run, reported.length === 1 ? 'ggen-sim validation' : files.join(', ')),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element('testsuites', {}, suites.join(''))}`;
}

/**
 * Writes a test suite: a failed test case for each result, an erroneous one for a run that failed, a skipped one for each part
 * that was not evaluated. Without any of them, one test case that passed.
 */
function suiteOf(run: ValidationRun, suiteName: string): string {
  const { violations, error, message, receipt } = run;
  const cases = violations.map((violation) => {
    const { focusNode, path, value, shape, sourceConstraintComponent, severity } = violation;
    const lines = [`focus node: ${focusNode}`, `path: ${path ?? '-'}`, `value: ${value ?? '-'}`];
    const failure = element(
      'failure',
      { type: severityOf(severity), message: violation.message },
      text(lines.join('\n')),
    );
    return element(
      'testcase',
      { classname: shape, name: `${sourceConstraintComponent} ${focusNode}` },
      failure,
    );
  });
  const errors = error === null ? [] : allErrorsOf(error);
  for (const each of errors) {
    const content = element('error', { type: each.code, message: describeError(each) }, '');
    cases.push(element('testcase', { classname: 'validation', name: 'validation' }, content));
  }
  for (const part of receipt.not_evaluated) {
    const content = element('skipped', { message: 'not evaluated' }, '');
    cases.push(element('testcase', { classname: 'not evaluated', name: part }, content));
  }
  if (cases.length === 0) cases.push(element('testcase', { classname: 'validation', name: message }, ''));
  return element(
    'testsuite',
    {
      name: suiteName,
      tests: String(cases.length),
      failures: String(violations.length),
      errors: String(errors.length),
      skipped: String(receipt.not_evaluated.length),
      time: (receipt.durations_ms.total / 1000).toFixed(3),
      timestamp: receipt.started_at.replace(/\.\d+Z$/u, ''),
    },
    cases.join(''),
  );
}

function element(name: string, attributes: Readonly<Record<string, string>>, content: string): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${text(value)}"`);
  return `<${name}${written.join('')}>${content}</${name}>\n`;
}

/** Characters that XML 1.0 has no way to write. */
// oxlint-disable-next-line no-control-regex
const NOT_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/gu;

function text(value: string): string {
  return value
    .toWellFormed()
    .replace(NOT_XML, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\r', '&#13;')
    .replaceAll('\t', '&#9;');
}
