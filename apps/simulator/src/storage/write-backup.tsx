import { toFileStamp, type BackupReport } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { formatBytes, formatPlural } from '../components/format.ts';
import { notify, notifyFailure } from '../components/notices.tsx';
import { reportDatabaseFailure } from '../database/database.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { chooseBackupFolder } from './backup-folder.ts';
import { OperationProgress } from './operation-progress.tsx';
import { useLongOperation } from './use-long-operation.ts';

/** Writes a backup, as `ggen-sim db backup` does. */
export function WriteBackup(): ReactNode {
  const persistence = usePersistence();
  const operation = useLongOperation<BackupReport>('Reading…');
  const { start, progress, failure } = operation;
  const write = async (): Promise<void> => {
    try {
      const directory = await chooseBackupFolder(`ggen-backup-${toFileStamp(new Date())}`);
      if (directory === undefined) return;
      await start(async (options) => {
        try {
          const report = await persistence.exportBackup({ ...options, directory });
          const { files } = report.manifest;
          const sizeBytes = files.reduce((total, { bytes }) => total + bytes, 0);
          notify(
            'Backup written',
            `${directory.name}: ${formatPlural(files.length, 'file')}, ${formatBytes(sizeBytes)}`,
          );
          return report;
        } catch (error) {
          if (options.signal?.aborted === true) notify('Backup cancelled', 'Nothing was written.');
          throw error;
        }
      });
    } catch (error) {
      notifyFailure('Could not write the backup', reportDatabaseFailure(error));
    }
  };
  return (
    <>
      <button type="button" className="button" disabled={progress !== undefined} onClick={() => void write()}>
        Write backup…
      </button>
      <OperationProgress operation={operation} />
      {failure ? <FailureNotice failure={failure} /> : null}
    </>
  );
}
