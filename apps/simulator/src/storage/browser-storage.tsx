import { useCallback, useEffect, useState, type ReactNode } from 'react';
import { Facts } from '../components/description-list.tsx';
import { formatBytes } from '../components/format.ts';
import { notify } from '../components/notices.tsx';
import { StatusMark } from '../components/status.tsx';

/** What `navigator.storage` says of this site; `undefined` where the browser does not say. */
interface BrowserStorage {
  readonly persisted: boolean | undefined;
  readonly usageBytes: number | undefined;
  readonly quotaBytes: number | undefined;
}

async function readBrowserStorage(): Promise<BrowserStorage> {
  // Missing outside secure contexts, whatever the types say.
  const storage = navigator.storage as StorageManager | undefined;
  const [persisted, estimate] = await Promise.all([storage?.persisted(), storage?.estimate()]);
  return { persisted, usageBytes: estimate?.usage, quotaBytes: estimate?.quota };
}

/** How much room there is and whether the browser promised to keep what is stored. */
export function StorageFacts({
  sizeBytes,
  persistent,
}: {
  sizeBytes: number | undefined;
  persistent: boolean | undefined;
}): ReactNode {
  const [found, setFound] = useState<BrowserStorage>();
  const look = useCallback(() => {
    readBrowserStorage().then(setFound, () =>
      setFound({ persisted: undefined, usageBytes: undefined, quotaBytes: undefined }),
    );
  }, []);
  // The estimate changes as the database grows.
  useEffect(look, [look, sizeBytes]);
  const ask = async (): Promise<void> => {
    const granted = await navigator.storage.persist();
    look();
    notify(
      granted ? 'The browser will keep the data' : 'The browser made no promise',
      granted
        ? 'It is deleted only when you clear this site’s data.'
        : 'Browsers grant this to installed, bookmarked or much used pages. Download the database now and then.',
    );
  };
  if (persistent === false) {
    return <p>Nothing is kept: this database is in memory. Download it before you close the tab.</p>;
  }
  if (found === undefined) return <p className="muted">Asking…</p>;
  const { persisted, usageBytes, quotaBytes } = found;
  return (
    <>
      <Facts
        facts={[
          ['Kept', <KeptPromise key="kept" persisted={persisted} />],
          ['Used by this site', usageBytes === undefined ? 'not told' : formatBytes(usageBytes)],
          ['Room left', roomLeft(usageBytes, quotaBytes)],
        ]}
      />
      {persisted === false ? (
        <div>
          <button type="button" className="button" onClick={() => void ask()}>
            Ask the browser to keep it
          </button>
        </div>
      ) : null}
    </>
  );
}

function roomLeft(usageBytes: number | undefined, quotaBytes: number | undefined): string {
  if (usageBytes === undefined || quotaBytes === undefined) return 'not told';
  return `${formatBytes(Math.max(0, quotaBytes - usageBytes))} of ${formatBytes(quotaBytes)}`;
}

function KeptPromise({ persisted }: { persisted: boolean | undefined }): ReactNode {
  if (persisted === undefined) return 'the browser does not say';
  return persisted ? (
    <span className="status status--success">
      <StatusMark tone="success" />
      promised: only you can delete it
    </span>
  ) : (
    <span className="status status--warning">
      <StatusMark tone="warning" />
      not promised: may go when the disk is full
    </span>
  );
}
