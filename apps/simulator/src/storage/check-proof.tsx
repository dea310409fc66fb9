import { useRef, useState, type ReactNode } from 'react';
import { failureOf, type Failure } from '../database/failure.ts';
import { CopyableText } from '../components/copyable-text.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount, formatPlural } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { FilePicker } from '../components/file-picker.tsx';
import { checkProofFiles, type CheckedProof } from './proof-files.ts';

/** Checks a proof that somebody has, of this or another database. Nothing is read but the files. */
export function CheckProof(): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  const [checked, setChecked] = useState<CheckedProof>();
  const [failure, setFailure] = useState<Failure>();
  const check = async (files: readonly File[]): Promise<void> => {
    setChecked(undefined);
    setFailure(undefined);
    try {
      setChecked(await checkProofFiles(await Promise.all(files.map((file) => file.text()))));
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  return (
    <>
      <div className="database-panel__actions">
        <button type="button" className="button" onClick={() => input.current?.click()}>
          Check a proof…
        </button>
        <span className="muted">
          Choose the proof, and with it the checkpoint and public key that you have.
        </span>
      </div>
      <FilePicker input={input} label="Proof to check" onFiles={(files) => void check(files)} />
      <div className="verification__result" aria-live="polite">
        {failure === undefined ? null : <FailureNotice failure={failure} />}
        {checked === undefined ? null : <Proved {...checked} />}
      </div>
    </>
  );
}

function Proved({
  proof,
  checkpoint: { origin, size, rootHash },
  isSigned,
  isKept,
}: CheckedProof): ReactNode {
  return (
    <>
      <p>
        <span className="status status--success">
          <StatusMark tone="success" />
          The proof is right
        </span>
        {': '}
        {proof.type === 'inclusion'
          ? `entry ${formatCount(proof.index + 1)} is one of ${formatPlural(size, 'entry', 'entries')}`
          : `the first ${formatPlural(proof.smallerSize, 'entry', 'entries')} are unchanged in ${formatCount(size)}`}{' '}
        of the change log of <StoredText text={origin} />, root hash{' '}
        <CopyableText name="root hash" text={rootHash} />
      </p>
      {isSigned || isKept ? null : (
        <p className="muted">
          The checkpoint came with the proof, and no key has signed it: compare the root hash with one that
          you trust.
        </p>
      )}
      {proof.type === 'inclusion' && proof.rowJson !== null ? (
        <details>
          <summary>The record</summary>
          <pre tabIndex={0} className="verification__record">
            <StoredText text={proof.rowJson} />
          </pre>
        </details>
      ) : null}
    </>
  );
}
