import { toFileStamp, type Checkpoint } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { usePersistence } from '../database/persistence-context.ts';
import { CopyableText } from '../components/copyable-text.tsx';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatPlural } from '../components/format.ts';
import { downloadFile } from './download.ts';
import { OperationProgress } from './operation-progress.tsx';
import { useLongOperation } from './use-long-operation.ts';

/** Makes a checkpoint of the change log, and offers it as a file. */
export function MakeCheckpoint(): ReactNode {
  const persistence = usePersistence();
  const operation = useLongOperation<Checkpoint>();
  const { result: checkpoint, failure } = operation;
  return (
    <>
      <div className="database-panel__actions">
        <button
          type="button"
          className="button"
          disabled={operation.progress !== undefined}
          onClick={() => void operation.start((options) => persistence.checkpoint(options))}
        >
          Make a checkpoint
        </button>
        {checkpoint === undefined ? null : (
          <button
            type="button"
            className="button"
            onClick={() => {
              const name = `checkpoint-${toFileStamp(new Date())}.txt`;
              downloadFile(name, [checkpoint.text], 'text/plain');
            }}
          >
            Download the checkpoint
          </button>
        )}
        <OperationProgress operation={operation} />
      </div>
      <div aria-live="polite">
        {failure === undefined ? null : <FailureNotice failure={failure} />}
        {checkpoint === undefined ? null : (
          <p>
            {formatPlural(checkpoint.size, 'entry', 'entries')}, root hash{' '}
            <CopyableText name="root hash" text={checkpoint.rootHash} />
          </p>
        )}
      </div>
    </>
  );
}
