import { Dialog } from '@base-ui/react/dialog';
import { useRef, useState, type FormEvent, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { storageFromUrl } from './database.ts';
import type { Failure } from './failure.ts';
import '../components/dialog.css';
import './passphrase-form.css';

/** Asks for the passphrase of an encrypted database. Nothing else can be done before it is open. */
export function UnlockDatabase(): ReactNode {
  const input = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const isWrong = failure?.code === 'WRONG_KEY';
  const unlock = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setFailure(undefined);
    const { unlockDatabase } = await import('./encryption.ts');
    const passphrase = form.get('passphrase') as string;
    const failed = await unlockDatabase(passphrase, form.get('remember') !== null);
    // Once it is open, the page is in the place of this dialog.
    if (!failed) return;
    setFailure(failed);
    setBusy(false);
    input.current?.select();
  };
  return (
    <Dialog.Root open disablePointerDismissal>
      <Dialog.Portal>
        <Dialog.Backdrop className="dialog-backdrop" />
        <Dialog.Popup className="dialog" initialFocus={input}>
          <Dialog.Title>This database is encrypted</Dialog.Title>
          <form className="passphrase-form" onSubmit={(event) => void unlock(event)}>
            <label className="passphrase-form__field">
              Passphrase
              <input
                ref={input}
                className="field"
                type="password"
                name="passphrase"
                autoComplete="current-password"
                required
                aria-invalid={isWrong}
                aria-describedby={isWrong ? 'wrong-passphrase' : undefined}
              />
            </label>
            {isWrong ? (
              <p id="wrong-passphrase" className="passphrase-form__error" role="alert">
                This is not the passphrase of the database. Nothing was changed.
              </p>
            ) : null}
            {failure && !isWrong ? <FailureNotice failure={failure} /> : null}
            {storageFromUrl() === 'indexeddb' ? <RememberKey /> : null}
            <div className="dialog__actions">
              <button type="submit" className="button button--primary" disabled={busy}>
                {busy ? 'Opening…' : 'Open'}
              </button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The choice to keep the key on this device. */
export function RememberKey(): ReactNode {
  return (
    <label className="labelled">
      <input type="checkbox" name="remember" />
      Remember on this device, until you lock the database
    </label>
  );
}
