import { Dialog } from '@base-ui/react/dialog';
import { useState, type FormEvent, type ReactNode } from 'react';
import { notify, notifyFailure } from '../components/notices.tsx';
import { useDatabaseState } from '../database/use-database-state.ts';
import { usePersistence } from '../database/persistence-context.ts';
import { RememberKey } from '../database/unlock-database.tsx';
import { useSync } from '../sync/page-sync.ts';
import '../components/dialog.css';
import '../database/passphrase-form.css';

/** Encrypts the database of this browser with a passphrase, or locks it. */
export function DatabaseEncryption(): ReactNode {
  const state = useDatabaseState();
  return state.phase === 'open' && state.encrypted ? <LockDatabase /> : <EncryptDatabase />;
}

function LockDatabase(): ReactNode {
  const persistence = usePersistence();
  const lock = async (): Promise<void> => {
    const { lockDatabase } = await import('../database/encryption.ts');
    await lockDatabase(persistence);
  };
  return (
    <>
      <p className="muted">
        The database is encrypted. Locking closes it in this tab and forgets the key on this device; other
        tabs keep it open.
      </p>
      <div>
        <button type="button" className="button" onClick={() => void lock()}>
          Lock
        </button>
      </div>
    </>
  );
}

function EncryptDatabase(): ReactNode {
  const persistence = usePersistence();
  const [differ, setDiffer] = useState(false);
  const sync = useSync();
  const isReadByHub = sync.phase === 'set up' && sync.status.keyId === null;
  const encrypt = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const passphrase = form.get('passphrase') as string;
    if (passphrase !== form.get('repeated')) return setDiffer(true);
    const { encryptDatabase } = await import('../database/encryption.ts');
    // The page is loaded again around the open database, and this dialog is gone with it.
    const failure = await encryptDatabase(persistence, passphrase, form.get('remember') !== null);
    if (failure) notifyFailure('The database was not encrypted', failure);
    else notify('Database encrypted', 'Reload other tabs of this page.');
  };
  return (
    <Dialog.Root onOpenChange={() => setDiffer(false)}>
      <p className="muted">
        Not encrypted. With a passphrase, only those who know it can read what this browser stores.
      </p>
      <div>
        <Dialog.Trigger className="button">Encrypt this database…</Dialog.Trigger>
      </div>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>Encrypt this database</Dialog.Title>
          <Dialog.Description>
            Everything stored here is encrypted with a passphrase, which the page asks for when it opens. The
            passphrase is stored nowhere: without it, nobody can read the data again. Downloads are not
            encrypted{isReadByHub ? ', and neither is what the hub of this database stores' : ''}.
          </Dialog.Description>
          <form className="passphrase-form" onSubmit={(event) => void encrypt(event)}>
            <label className="passphrase-form__field">
              Passphrase
              <input
                className="field"
                type="password"
                name="passphrase"
                autoComplete="new-password"
                required
              />
            </label>
            <label className="passphrase-form__field">
              Passphrase again
              <input
                className="field"
                type="password"
                name="repeated"
                autoComplete="new-password"
                required
                aria-invalid={differ}
                aria-describedby={differ ? 'passphrases-differ' : undefined}
              />
            </label>
            {differ ? (
              <p id="passphrases-differ" className="passphrase-form__error" role="alert">
                The two passphrases differ.
              </p>
            ) : null}
            <RememberKey />
            <div className="dialog__actions">
              <Dialog.Close className="button">Cancel</Dialog.Close>
              <button type="submit" className="button button--primary">
                Encrypt
              </button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
