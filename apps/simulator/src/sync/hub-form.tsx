import { useId, useState, type FormEvent, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { useDatabaseState } from '../database/database.ts';
import type { Failure } from '../database/failure.ts';
import '../database/passphrase-form.css';
import { addressProblem } from './hub-address.ts';
import { connect } from './page-sync.ts';
import './hub-form.css';

/** Asks for the address and the token of a hub. */
export function HubForm(): ReactNode {
  const state = useDatabaseState();
  return <Form address={undefined} encrypted={state.phase === 'open' && state.encrypted} />;
}

/** Asks for the token of a hub that the database names already. */
export function TokenForm({ address }: { address: string }): ReactNode {
  return <Form key={address} address={address} encrypted={false} />;
}

/** Codes of failures that are about the address, or about what answers there. */
const OF_ADDRESS: ReadonlySet<string> = new Set(['SYNC_TARGET_INVALID', 'SYNC_UNREACHABLE']);

function Form({ address, encrypted }: { address: string | undefined; encrypted: boolean }): ReactNode {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const typed = address ?? (form.get('address') as string).trim();
    const token = (form.get('token') as string).trim();
    const problem = addressProblem(typed);
    setFailure(undefined);
    if (problem !== undefined)
      return setFailure({ code: 'SYNC_TARGET_INVALID', message: problem, hint: undefined });
    setBusy(true);
    const failed = await connect(typed, token, form.get('remember') !== null);
    setBusy(false);
    setFailure(failed);
  };
  const isOfAddress = failure !== undefined && OF_ADDRESS.has(failure.code);
  const isOfToken = failure?.code === 'SYNC_UNAUTHORIZED';
  const id = useId();
  return (
    <form className="passphrase-form hub-form" onSubmit={(event) => void send(event)}>
      {address === undefined ? (
        <label className="passphrase-form__field">
          Address of the hub
          <input
            className="field"
            name="address"
            inputMode="url"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="https://hub.example"
            required
            aria-invalid={isOfAddress}
            aria-describedby={isOfAddress ? id : undefined}
          />
        </label>
      ) : null}
      {isOfAddress ? <Problem id={id} failure={failure} /> : null}
      <label className="passphrase-form__field">
        Token
        <input
          className="field"
          type="password"
          name="token"
          autoComplete="off"
          required
          aria-invalid={isOfToken}
          aria-describedby={isOfToken ? id : undefined}
        />
      </label>
      {isOfToken ? <Problem id={id} failure={failure} /> : null}
      <div className="hub-form__choice">
        <label className="labelled">
          <input type="checkbox" name="remember" />
          Keep the token on this device
        </label>
        <p className="muted">
          Without this, it is forgotten when the tab is closed. With it, this browser keeps it, unencrypted.
          It is never in the database.
        </p>
      </div>
      {encrypted ? (
        <label className="labelled hub-form__consent">
          <input type="checkbox" name="plain" required />
          This database is encrypted, and what the hub stores is not: send it all the same
        </label>
      ) : null}
      {failure && !isOfAddress && !isOfToken ? <FailureNotice failure={failure} /> : null}
      <div>
        <button type="submit" className="button button--primary" disabled={busy}>
          {busy ? 'Connecting…' : 'Connect'}
        </button>
      </div>
    </form>
  );
}

/** Says at its field what is wrong, and what can be done. */
function Problem({ id, failure: { code, message, hint } }: { id: string; failure: Failure }): ReactNode {
  return (
    <p id={id} className="passphrase-form__error" role="alert">
      <code>{code}</code> <StoredText text={message.replace(/\.?$/u, '.')} /> {hint}
    </p>
  );
}
