import type { InputsOf, ReceiptVerification, RunOf } from '@ggen-sim/agents';
import { useState, type ReactNode } from 'react';
import { agents } from '../agents/agents.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { failureOf, type Failure } from '../database/failure.ts';
import { downloadFile } from '../storage/download.ts';
import './run-reports.css';

/** Forms of a report: name for people, extension and media type of its file. */
const FORMATS: Readonly<Record<string, readonly [name: string, extension: string, mediaType: string]>> = {
  json: ['JSON (receipt)', 'json', 'application/json'],
  jsonl: ['JSON lines', 'jsonl', 'application/jsonl'],
  turtle: ['Turtle', 'ttl', 'text/turtle'],
  sarif: ['SARIF', 'sarif', 'application/sarif+json'],
  junit: ['JUnit', 'xml', 'application/xml'],
  text: ['Text', 'txt', 'text/plain'],
};

/** Saves the reports of a run, as the command line writes them, and repeats it to check its receipt. */
export function RunReports({
  run,
  inputs,
}: {
  run: RunOf<'validation'>;
  inputs: InputsOf<'validation'>;
}): ReactNode {
  const [format, setFormat] = useState('json');
  const [checking, setChecking] = useState(false);
  const [verification, setVerification] = useState<ReceiptVerification>();
  const [failure, setFailure] = useState<Failure>();

  const attempt = async (work: () => Promise<void>): Promise<void> => {
    setFailure(undefined);
    try {
      await work();
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  const save = (): Promise<void> =>
    attempt(async () => {
      const [, extension, mediaType] = FORMATS[format] ?? ['', format, 'text/plain'];
      const { AGENTS } = await import('@ggen-sim/agents/registry');
      const text =
        format === 'json'
          ? `${run.receiptJson}\n`
          : await AGENTS.validation.reports?.write(run, format, inputs);
      downloadFile(`validation-${run.executionId}.${extension}`, [text ?? ''], mediaType);
    });
  const check = (): Promise<void> =>
    attempt(async () => {
      setChecking(true);
      try {
        const files = Object.values(inputs).flatMap((documents) => documents);
        setVerification(await agents.verifyReceipt(run.receiptJson, files, { rerun: true }));
      } finally {
        setChecking(false);
      }
    });

  return (
    <section className="run-reports" aria-label="Report of the run">
      <label className="labelled">
        Report as
        <select className="field" value={format} onChange={(event) => setFormat(event.target.value)}>
          {Object.entries(FORMATS).map(([value, [name]]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="button" onClick={() => void save()}>
        Download report
      </button>
      <button type="button" className="button" onClick={() => void check()} disabled={checking}>
        {checking ? 'Repeating…' : 'Repeat and compare'}
      </button>
      {verification === undefined ? null : <Verification verification={verification} />}
      {failure === undefined ? null : <FailureNotice failure={failure} />}
    </section>
  );
}

function Verification({
  verification: { ok, differences },
}: {
  verification: ReceiptVerification;
}): ReactNode {
  if (ok) return <p className="status--success">The repeated run found the same as the receipt.</p>;
  return (
    <ul className="run-reports__differences" aria-label="Differences">
      {differences.map(({ field, recorded, found }) => (
        <li key={field}>
          {field} was <code>{recorded}</code>, now <code>{found}</code>
        </li>
      ))}
    </ul>
  );
}
