import { signNote, toFileStamp, verifierKeyOf, type Checkpoint } from '@ggen-sim/core';
import { useState, type ReactNode } from 'react';
import { usePersistence } from '../database/persistence-context.ts';
import { CopyableText } from '../components/copyable-text.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatPlural } from '../components/format.ts';
import { downloadFile } from './download.ts';
import { OperationProgress } from './operation-progress.tsx';
import { browserSigner } from './signing-key.ts';
import { useLongOperation } from './use-long-operation.ts';

interface WrittenCheckpoint extends Checkpoint {
  /** The text of its file. */
  readonly note: string;
  /** The public key of who has signed it. */
  readonly verifierKey: string | undefined;
}

/** Makes a checkpoint of the change log, signed if the user wants it, and offers it as a file. */
export function MakeCheckpoint(): ReactNode {
  const persistence = usePersistence();
  const operation = useLongOperation<WrittenCheckpoint>();
  const [signs, setSigns] = useState(false);
  const { result: checkpoint, failure } = operation;
  return (
    <>
      <div className="database-panel__actions">
        <button
          type="button"
          className="button"
          disabled={operation.progress !== undefined}
          onClick={() =>
            void operation.start(async (options) => written(await persistence.checkpoint(options), signs))
          }
        >
          Make a checkpoint
        </button>
        <label className="labelled">
          <input type="checkbox" checked={signs} onChange={(event) => setSigns(event.target.checked)} />
          Sign it with the key of this browser
        </label>
        {checkpoint === undefined ? null : (
          <button
            type="button"
            className="button"
            onClick={() => {
              const name = `checkpoint-${toFileStamp(new Date())}.txt`;
              downloadFile(name, [checkpoint.note], 'text/plain');
            }}
          >
            Download the checkpoint
          </button>
        )}
        <OperationProgress operation={operation} />
      </div>
      <div className="verification__result" aria-live="polite">
        {failure === undefined ? null : <FailureNotice failure={failure} />}
        {checkpoint === undefined ? null : <Made {...checkpoint} />}
      </div>
    </>
  );
}

async function written(checkpoint: Checkpoint, signs: boolean): Promise<WrittenCheckpoint> {
  if (!signs) return { ...checkpoint, note: checkpoint.text, verifierKey: undefined };
  const signer = await browserSigner();
  const note = await signNote(checkpoint.text, signer);
  return { ...checkpoint, note, verifierKey: verifierKeyOf(signer) };
}

function Made({ size, rootHash, verifierKey }: WrittenCheckpoint): ReactNode {
  return (
    <>
      <p>
        {formatPlural(size, 'entry', 'entries')}, root hash <CopyableText name="root hash" text={rootHash} />
      </p>
      {verifierKey === undefined ? null : (
        <>
          <p>
            Signed. Others check it with the public key <CopyableText name="public key" text={verifierKey} />
          </p>
          <div className="database-panel__actions">
            <button
              type="button"
              className="button"
              onClick={() => downloadFile('checkpoints.pub', [`${verifierKey}\n`], 'text/plain')}
            >
              Download the public key
            </button>
            <span className="muted">
              The private key stays in this browser, where no script can read it, until the data of this site
              is deleted.
            </span>
          </div>
        </>
      )}
    </>
  );
}
