import { type Info, type Persistence, type Stats, TABLE_NAMES } from '@ggen-sim/core';
import { lazy, Suspense, type ReactNode } from 'react';
import { IS_STUDIO } from '../database/studio.ts';
import { useLiveQuery } from '../database/use-live-query.ts';
import { FailureNotice } from '../components/failure-notice.tsx';
import { DescriptionList } from '../components/description-list.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { StatusMark } from '../components/status.tsx';
import { Synchronisation } from '../sync/synchronisation.tsx';
import { formatBytes } from '../components/format.ts';
import { AuditExport } from './audit-export.tsx';
import { DatabaseEncryption } from './database-encryption.tsx';
import { DownloadDatabase } from './download-database.tsx';
import { ImportDatabase } from './import-database.tsx';
import { ImportRows } from './import-rows.tsx';
import { OtherStorage } from './other-storage.tsx';
import { ResetDatabase } from './reset-database.tsx';
import { BrowserStorage } from './browser-storage.tsx';
import { WriteBackup } from './write-backup.tsx';
import './database-panel.css';

// Nobody needs it in the first view.
const Verification = lazy(async () => ({ default: (await import('./verification.tsx')).Verification }));

const readInfo = (persistence: Persistence): Promise<Info> => persistence.info();

/** Shows the database's storage, and downloads, imports, verifies or deletes it. */
export function DatabasePanel({ stats }: { stats: Stats | undefined }): ReactNode {
  const { value: info, failure } = useLiveQuery(readInfo, TABLE_NAMES);
  if (failure) return <FailureNotice failure={failure} />;
  return (
    <div className="database-panel">
      <section className="database-panel__part">
        <h3>Database</h3>
        {info === undefined ? <p className="muted">Loading…</p> : <DescriptionList items={itemsOf(info)} />}
        {info === undefined ? null : <OtherStorage storage={info.storage} />}
      </section>
      {IS_STUDIO ? null : (
        <section className="database-panel__part">
          <h3>Browser storage</h3>
          <BrowserStorage sizeBytes={info?.sizeBytes} persistent={info?.persistent} />
        </section>
      )}
      <section className="database-panel__part">
        <h3>Backup and import</h3>
        <p className="muted">
          The download is an SQLite database file. Open it with{' '}
          <code className="command">ggen-sim studio FILE</code> or{' '}
          <code className="command">sqlite3 FILE</code>. A backup is a folder with that file, the rows as
          JSON, and the hash of each; “Restore backup…” and{' '}
          <code className="command">ggen-sim db restore</code> check them.
          {globalThis.showDirectoryPicker === undefined
            ? ' In this browser it is downloaded as one .tar file; unpack it before you restore it.'
            : ''}
        </p>
        {info?.encryption ? (
          <p className="status status--warning">
            <StatusMark tone="warning" />
            Downloads and backups are not encrypted, though this database is: anyone who has them can read
            them.
          </p>
        ) : null}
        <div className="database-panel__actions">
          <DownloadDatabase />
          {info === undefined || info.tableProblems.length > 0 ? null : <WriteBackup />}
        </div>
        {info === undefined ? null : <Imports info={info} stats={stats} />}
        {info?.tableProblems.some(({ table }) => table === 'audit_log') === true ? null : <AuditExport />}
      </section>
      {info === undefined || info.tableProblems.length > 0 ? null : <Synchronisation />}
      {info?.storage === 'indexeddb' ? (
        <section className="database-panel__part">
          <h3>Encryption</h3>
          <DatabaseEncryption />
        </section>
      ) : null}
      <section className="database-panel__part">
        <h3>Maintenance</h3>
        <Suspense fallback={<p className="muted">Loading…</p>}>
          <Verification />
        </Suspense>
        {info?.readOnly === false ? <ResetDatabase stats={stats} /> : null}
      </section>
    </div>
  );
}

const STORAGE_NAMES: Readonly<Record<Info['storage'], string>> = {
  indexeddb: 'IndexedDB',
  opfs: 'Origin private file system (OPFS)',
  memory: 'Memory (lost when this tab is closed)',
  file: 'File on this computer',
};

const DURABILITY_NAMES: Readonly<Record<Info['durability'], string>> = {
  strict: 'strict: saved rows survive a power failure',
  relaxed: 'relaxed: saved rows survive a browser crash',
};

/** Replaces SQLite's journal mode where the storage has its own atomic commit. */
const JOURNAL_NAMES: Readonly<Partial<Record<Info['storage'], string>>> = {
  indexeddb: 'in memory; each commit is one IndexedDB transaction',
};

const MEMORY_NAMES: Readonly<Record<NonNullable<Info['pagesInMemory']> | 'none', string>> = {
  cache: 'the most recently used pages',
  all: 'the whole database',
  none: "SQLite's own cache",
};

function itemsOf(info: Info): [string, ReactNode][] {
  return [
    ['Storage', STORAGE_NAMES[info.storage]],
    ['Name', info.path === null ? '–' : <code key="name">{info.path}</code>],
    ['Durability', info.persistent ? DURABILITY_NAMES[info.durability] : 'none: nothing is saved'],
    ['Size', `${formatBytes(info.sizeBytes)} (page size ${formatBytes(info.pageSizeBytes)})`],
    ['Journal', journalOf(info)],
    ['Locks', info.lockProvider],
    ['In memory', MEMORY_NAMES[info.pagesInMemory ?? 'none']],
    ...checkpointItems(info),
    ...tableItems(info),
    ['SQLite', info.sqliteVersion],
    ['ggen-sim', info.programVersion],
  ];
}

/** Offers what changes the content, or says why nothing can be imported. */
function Imports({ info, stats }: { info: Info; stats: Stats | undefined }): ReactNode {
  const { readOnly, tableProblems, journalMode } = info;
  if (!readOnly)
    return (
      <div className="database-panel__actions">
        <ImportDatabase stats={stats} />
        <ImportRows />
      </div>
    );
  // A studio cannot change a database of another program, whatever it is started with.
  if (journalMode === 'wal')
    return <p className="muted">Nothing can be imported: a file in WAL mode is only read here.</p>;
  if (tableProblems.length > 0)
    return <p className="muted">Nothing can be imported: this is a database of another program.</p>;
  return (
    <p className="muted">
      Nothing can be imported, because the studio is read only. Start it with <code>--write</code> to import.
    </p>
  );
}

function journalOf({ storage, readOnly, journalMode }: Info): string {
  if (readOnly && journalMode === 'wal') return 'write-ahead log of another program; what is in it is shown';
  return JOURNAL_NAMES[storage] ?? journalMode;
}

/** A database of another program has tables of its own, and may lack those of this one. */
function tableItems({ tableProblems, otherTables, schemaVersion }: Info): [string, ReactNode][] {
  if (tableProblems.length === 0) return [['Schema version', String(schemaVersion)]];
  return [
    ['Of ggen-sim', tableProblems.map(({ reason }) => reason).join('; ')],
    ['Own tables', <StoredText key="tables" text={otherTables.join(', ') || 'none'} />],
  ];
}

/** Nothing to see while checkpoints succeed. */
function checkpointItems({ checkpoint }: Info): [string, ReactNode][] {
  if (!checkpoint?.failure) return [];
  const waiting = formatBytes(checkpoint.waitingBytes);
  return [['Checkpoint', `failed, ${waiting} wait for it: ${checkpoint.failure.message}`]];
}
