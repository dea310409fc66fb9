import type { Info, Persistence, Stats, TableName } from '@ggen-sim/core';
import type { ReactNode } from 'react';
import { useReading } from '../database/use-live-query.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { Facts } from '../components/description-list.tsx';
import { formatBytes } from '../components/format.ts';
import { AuditExport } from './audit-export.tsx';
import { DownloadDatabase } from './download-database.tsx';
import { ImportDatabase } from './import-database.tsx';
import { OtherStorage } from './other-storage.tsx';
import { ResetDatabase } from './reset-database.tsx';
import { StorageFacts } from './browser-storage.tsx';
import { VerifyDatabase } from './verify-database.tsx';
import './database-panel.css';

const EVERY_TABLE: readonly TableName[] = ['receipts', 'agent_memory', 'audit_log'];
const readInfo = (persistence: Persistence): Promise<Info> => persistence.info();

/** Where the data lives, what is promised for it, and what can be done with all of it. */
export function DatabasePanel({ stats }: { stats: Stats | undefined }): ReactNode {
  const { value: info, failure } = useReading(readInfo, EVERY_TABLE);
  if (failure) return <FailureNotice failure={failure} />;
  return (
    <div className="database-panel">
      <section className="database-panel__part">
        <h3>Where the data lives</h3>
        {info === undefined ? <p className="muted">Reading…</p> : <Facts facts={factsOf(info)} />}
        {info === undefined ? null : <OtherStorage storage={info.storage} />}
      </section>
      <section className="database-panel__part">
        <h3>What the browser promises</h3>
        <StorageFacts sizeBytes={info?.sizeBytes} persistent={info?.persistent} />
      </section>
      <section className="database-panel__part">
        <h3>Take it with you</h3>
        <p className="muted">
          The download is an ordinary SQLite file: open it with <code>ggen-sim --db FILE</code> or{' '}
          <code>sqlite3 FILE</code>.
        </p>
        <div className="database-panel__actions">
          <DownloadDatabase />
          <ImportDatabase stats={stats} />
        </div>
        <AuditExport />
      </section>
      <section className="database-panel__part">
        <h3>Look after it</h3>
        <VerifyDatabase />
        <ResetDatabase stats={stats} />
      </section>
    </div>
  );
}

const STORAGES: Readonly<Record<Info['storage'], string>> = {
  indexeddb: 'IndexedDB, in this browser',
  opfs: 'Origin private file system, in this browser',
  memory: 'Memory: gone when this tab is closed',
  file: 'File',
};

const DURABILITIES: Readonly<Record<Info['durability'], string>> = {
  strict: 'strict: a saved row survives loss of power',
  relaxed: 'relaxed: a saved row survives the end of the browser',
};

/** Where SQLite's own journal mode says less than the storage does. */
const JOURNALS: Readonly<Partial<Record<Info['storage'], string>>> = {
  indexeddb: 'memory; each commit is one IndexedDB transaction',
};

function factsOf(info: Info): [string, ReactNode][] {
  return [
    ['Storage', STORAGES[info.storage]],
    ['Name', info.path === null ? '–' : <code key="name">{info.path}</code>],
    ['Durability', info.persistent ? DURABILITIES[info.durability] : 'none: nothing is kept'],
    ['Size', `${formatBytes(info.sizeBytes)} in pages of ${formatBytes(info.pageSizeBytes)}`],
    ['Journal', JOURNALS[info.storage] ?? info.journalMode],
    ['Between tabs', info.lockProvider],
    ['Schema version', String(info.schemaVersion)],
    ['SQLite', info.sqliteVersion],
    ['ggen-sim', info.programVersion],
  ];
}
