import { toFileStamp, type ExportFormat } from '@ggen-sim/core';
import { useState, type ReactNode } from 'react';
import { reportDatabaseFailure } from '../database/database.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { formatPlural } from '../components/format.ts';
import { notify, notifyFailure } from '../components/notices.tsx';
import { downloadFile } from './download.ts';

const MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv',
};

/** Downloads the audit trail as JSON, NDJSON or CSV. */
export function AuditExport(): ReactNode {
  const persistence = usePersistence();
  const [format, setFormat] = useState<ExportFormat>('csv');
  const [busy, setBusy] = useState(false);
  const download = async (): Promise<void> => {
    setBusy(true);
    try {
      const through = new TransformStream<Uint8Array, Uint8Array>();
      const written = new Response(through.readable).blob();
      const { rows } = await persistence.exportAuditTrail({ output: through.writable, format });
      downloadFile(`audit-export-${toFileStamp(new Date())}.${format}`, [await written], MEDIA_TYPES[format]);
      notify('Download started', formatPlural(rows, 'audit entry', 'audit entries'));
    } catch (error) {
      notifyFailure('Could not export the audit trail', reportDatabaseFailure(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="database-panel__actions">
      <button type="button" className="button" disabled={busy} onClick={() => void download()}>
        Download audit trail
      </button>
      <label className="labelled">
        as
        <select
          className="field"
          value={format}
          onChange={(event) => setFormat(event.target.value as ExportFormat)}
        >
          <option value="csv">CSV</option>
          <option value="json">JSON</option>
          <option value="ndjson">NDJSON</option>
        </select>
      </label>
    </div>
  );
}
