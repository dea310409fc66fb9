import { toFileStamp } from '@ggen-sim/core';
import { useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { formatBytes } from '../components/format.ts';
import { notify, notifyFailure } from '../components/notices.tsx';
import { downloadFile } from './download.ts';

/** Downloads the database as an SQLite file. */
export function DownloadDatabase(): ReactNode {
  const persistence = usePersistence();
  const [busy, setBusy] = useState(false);
  const download = async (): Promise<void> => {
    setBusy(true);
    try {
      const image = await persistence.exportImage();
      const fileName = `ggen-${toFileStamp(new Date())}.db`;
      downloadFile(fileName, [image as Uint8Array<ArrayBuffer>], 'application/vnd.sqlite3');
      notify('Download started', `${fileName}, ${formatBytes(image.byteLength)}`);
    } catch (error) {
      notifyFailure('Could not download the database', reportDatabaseFailure(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" className="button" disabled={busy} onClick={() => void download()}>
      Download database (.db)
    </button>
  );
}
