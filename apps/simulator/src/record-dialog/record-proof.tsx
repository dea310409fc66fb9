import type { Persistence, Proof, ProofRequest } from '@ggen-sim/core';
import { useState, type ReactNode } from 'react';
import { CopyableText } from '../components/copyable-text.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatCount } from '../components/format.ts';
import { StatusMark } from '../components/status.tsx';
import { reportDatabaseFailure } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { downloadFile } from '../storage/download.ts';

/** Compares a record with its entry in the change log, and offers the proof that it is there. */
export function RecordProof({ request, fileName }: { request: ProofRequest; fileName: string }): ReactNode {
  const persistence: Persistence = usePersistence();
  const [proof, setProof] = useState<Proof>();
  const [failure, setFailure] = useState<Failure>();
  const verify = async (): Promise<void> => {
    setFailure(undefined);
    try {
      setProof(await persistence.prove(request));
    } catch (error) {
      setProof(undefined);
      setFailure(reportDatabaseFailure(error));
    }
  };
  return (
    <section aria-label="Proof" className="record-proof">
      <div className="record-dialog__actions">
        <button type="button" className="button" onClick={() => void verify()}>
          Verify
        </button>
        {proof === undefined ? (
          <span className="muted">Compares this record with the change log.</span>
        ) : (
          <button
            type="button"
            className="button"
            onClick={() =>
              downloadFile(
                fileName,
                [`${JSON.stringify(withCheckpoint(proof), null, 2)}\n`],
                'application/json',
              )
            }
          >
            Download the proof
          </button>
        )}
      </div>
      {failure === undefined ? null : <FailureNotice failure={failure} />}
      {proof?.type === 'inclusion' ? (
        <p role="status">
          <span className="status status--success">
            <StatusMark tone="success" />
            Unchanged
          </span>{' '}
          since it was stored: entry {formatCount(proof.seq)} of a change log of {formatCount(proof.size)},
          root hash <CopyableText name="root hash" text={proof.rootHash} />
        </p>
      ) : null}
    </section>
  );
}

/** Adds the checkpoint that the proof is for, as `db prove` does: whoever checks the proof compares it with one of their own. */
function withCheckpoint(proof: Proof): Proof & { readonly checkpoint: string } {
  const { origin, size, rootHash } = proof;
  return { ...proof, checkpoint: `${origin}\n${size}\n${rootHash}\n` };
}
