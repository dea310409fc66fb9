import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { DescriptionList } from '../components/description-list.tsx';
import { formatBytes } from '../components/format.ts';
import { notify } from '../components/notices.tsx';
import { StatusMark } from '../components/status.tsx';

/** Values of `navigator.storage` for this site; `undefined` where the browser does not report one. */
interface StorageStatus {
  readonly persisted: boolean | undefined;
  readonly usageBytes: number | undefined;
  readonly quotaBytes: number | undefined;
}

async function readStorageStatus(): Promise<StorageStatus> {
  // Missing outside secure contexts, although the types say otherwise.
  const storage = navigator.storage as StorageManager | undefined;
  const [persisted, estimate] = await Promise.all([storage?.persisted(), storage?.estimate()]);
  return { persisted, usageBytes: estimate?.usage, quotaBytes: estimate?.quota };
}

/** Shows whether storage is persistent and how much space is used and free. */
export function BrowserStorage({
  sizeBytes,
  persistent,
}: {
  sizeBytes: number | undefined;
  persistent: boolean | undefined;
}): ReactNode {
  const [status, setStatus] = useState<StorageStatus>();
  const refresh = useCallback(() => {
    readStorageStatus().then(setStatus, () =>
      setStatus({ persisted: undefined, usageBytes: undefined, quotaBytes: undefined }),
    );
  }, []);
  // The estimate changes as the database grows.
  useEffect(refresh, [refresh, sizeBytes]);
  const request = async (): Promise<void> => {
    const granted = await navigator.storage.persist();
    refresh();
    notify(
      granted ? 'Persistent storage: granted' : 'Persistent storage: not granted',
      granted
        ? 'The browser deletes the data only when you clear this site’s data.'
        : 'Browsers grant it to pages that are installed, bookmarked or used often. Download the database regularly.',
    );
  };
  if (persistent === false) {
    return <p>Nothing is saved: this database is in memory. Download it before you close the tab.</p>;
  }
  if (status === undefined) return <p className="muted">Loading…</p>;
  const { persisted, usageBytes, quotaBytes } = status;
  return (
    <>
      <DescriptionList
        items={[
          ['Persistent storage', <Persisted key="persisted" persisted={persisted} />],
          ['Used by this site', usageBytes === undefined ? 'unknown' : formatBytes(usageBytes)],
          ['Free', freeSpace(usageBytes, quotaBytes)],
        ]}
      />
      {persisted === false ? (
        <div>
          <button type="button" className="button" onClick={() => void request()}>
            Request persistent storage
          </button>
        </div>
      ) : null}
    </>
  );
}

function freeSpace(usageBytes: number | undefined, quotaBytes: number | undefined): string {
  if (usageBytes === undefined || quotaBytes === undefined) return 'unknown';
  return `${formatBytes(Math.max(0, quotaBytes - usageBytes))} of ${formatBytes(quotaBytes)}`;
}

function Persisted({ persisted }: { persisted: boolean | undefined }): ReactNode {
  if (persisted === undefined) return 'unknown';
  return persisted ? (
    <span className="status status--success">
      <StatusMark tone="success" />
      granted
    </span>
  ) : (
    <span className="status status--warning">
      <StatusMark tone="warning" />
      not granted: the browser may delete the data when the disk is full
    </span>
  );
}
