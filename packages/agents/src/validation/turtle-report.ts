import { allErrorsOf, describeError } from '../errors.ts';
import { SH } from '../rdf/namespaces.ts';
import type { Violation } from '../shacl/violation.ts';
import type { ValidationRun } from './result-severity.ts';

/**
 * Writes a SHACL validation report (SHACL, section 3.6) in Turtle. A run that failed has none: the document is then a comment
 * with the reason.
 */
export function turtleReport(run: ValidationRun): string {
  if (run.error !== null) {
    const reasons = allErrorsOf(run.error).map((error) => describeError(error).replaceAll(/[\r\n]+/g, ' '));
    return reasons.map((reason) => `# The run failed: ${reason}\n`).join('');
  }
  const results = run.violations.map((violation) => ` ;\n  sh:result [\n${resultOf(violation)}\n  ]`);
  // Parts that were not evaluated leave open whether the data conform.
  const conforms = run.receipt.conforms === null ? '' : ` ;\n  sh:conforms ${run.receipt.conforms}`;
  const comments = run.receipt.not_evaluated.map(
    (part) => `# Not evaluated: ${part.replaceAll(/[\r\n]+/g, ' ')}\n`,
  );
  return `${comments.join('')}@prefix sh: <${SH}> .\n\n[] a sh:ValidationReport${conforms}${results.join('')} .\n`;
}

function resultOf(violation: Violation): string {
  const { focusNode, path, value, sourceShape, sourceConstraintComponent, severity, message } = violation;
  const { sourceConstraint } = violation;
  const pathTerm = path === null ? undefined : pathNode(path);
  return [
    'a sh:ValidationResult',
    `sh:focusNode ${focusNode}`,
    ...(pathTerm === undefined ? [] : [`sh:resultPath ${pathTerm}`]),
    ...(value === null ? [] : [`sh:value ${value}`]),
    `sh:resultSeverity ${shaclTerm(severity)}`,
    `sh:sourceShape ${inShapes(sourceShape)}`,
    ...(sourceConstraint === undefined ? [] : [`sh:sourceConstraint ${inShapes(sourceConstraint)}`]),
    `sh:sourceConstraintComponent ${shaclTerm(sourceConstraintComponent)}`,
    `sh:resultMessage ${JSON.stringify(message)}`,
  ]
    .map((line) => `    ${line}`)
    .join(' ;\n');
}

/** Data and shapes may have the same label for different blank nodes. */
function inShapes(term: string): string {
  return term.replace(/^_:/, '_:shape-');
}

/** Writes a local name of SHACL's namespace, or the IRI or label of a term that is not of it. */
function shaclTerm(name: string): string {
  if (name.startsWith('_:')) return inShapes(name);
  return /^\w+$/.test(name) ? `sh:${name}` : `<${name}>`;
}

const MODIFIERS: Readonly<Record<string, string>> = {
  '*': 'sh:zeroOrMorePath',
  '+': 'sh:oneOrMorePath',
  '?': 'sh:zeroOrOnePath',
};

/** Writes a path of SPARQL's syntax as nodes (SHACL, section 2.3.1); `undefined` for one that was shortened. */
function pathNode(path: string): string | undefined {
  const tokens = path.match(/<[^>]*>|[()/|^*+?]|[^\s]/g) ?? [];
  let position = 0;
  const accept = (token: string): boolean => {
    if (tokens[position] !== token) return false;
    position += 1;
    return true;
  };
  const primary = (): string => {
    if (accept('^')) return `[ sh:inversePath ${modified()} ]`;
    if (!accept('(')) return tokens[position++] ?? '';
    const inner = alternatives();
    accept(')');
    return inner;
  };
  const modified = (): string => {
    let node = primary();
    for (;;) {
      const modifier = MODIFIERS[tokens[position] ?? ''];
      if (modifier === undefined) return node;
      position += 1;
      node = `[ ${modifier} ${node} ]`;
    }
  };
  const separated = (separator: string, next: () => string): string[] => {
    const members = [next()];
    while (accept(separator)) members.push(next());
    return members;
  };
  const sequence = (): string => {
    const steps = separated('/', modified);
    return steps.length === 1 ? (steps[0] ?? '') : `( ${steps.join(' ')} )`;
  };
  const alternatives = (): string => {
    const members = separated('|', sequence);
    return members.length === 1 ? (members[0] ?? '') : `[ sh:alternativePath ( ${members.join(' ')} ) ]`;
  };
  const node = alternatives();
  return position === tokens.length && tokens.every((token) => /^(?:<.*>|[()/|^*+?])$/.test(token))
    ? node
    : undefined;
}
