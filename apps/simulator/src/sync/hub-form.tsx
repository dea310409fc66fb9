import { useId, useState, type FormEvent, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { StoredText } from '../components/stored-text.tsx';
import { useDatabaseState } from '../database/use-database-state.ts';
import type { Failure } from '../database/failure.ts';
import '../database/passphrase-form.css';
import { addressProblem } from './hub-address.ts';
import { secretsFor } from './hub-secrets.ts';
import { KeyField } from './key-field.tsx';
import { connect } from './page-sync.ts';
import { keyOfText } from './sync-key.ts';
import './hub-form.css';

/** Asks for the address and the token of a hub, and for the key of its rows. */
export function HubForm(): ReactNode {
  const state = useDatabaseState();
  return <Form asks={['address', 'token', 'key']} encrypted={state.phase === 'open' && state.encrypted} />;
}

/** Asks for what is missing for a hub that the database names already. */
export function SecretsForm({ address, asks }: { address: string; asks: readonly Field[] }): ReactNode {
  return <Form key={address} address={address} asks={asks} />;
}

type Field = 'address' | 'token' | 'key';

/** The fields that failures are about. */
const FIELD_OF: Readonly<Record<string, Field>> = {
  SYNC_TARGET_INVALID: 'address',
  SYNC_UNREACHABLE: 'address',
  SYNC_UNAUTHORIZED: 'token',
  SYNC_KEY_REQUIRED: 'key',
  SYNC_WRONG_KEY: 'key',
};

const NO_KEY: Failure = {
  code: 'SYNC_WRONG_KEY',
  message: 'A key has 64 hexadecimal digits',
  hint: 'Paste all of them, or choose the file of the key.',
};

function Form({
  address,
  asks,
  encrypted = false,
}: {
  address?: string;
  asks: readonly Field[];
  /** True for a database whose rows somebody wants to be encrypted. */
  encrypted?: boolean;
}): ReactNode {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const [keyText, setKeyText] = useState('');
  const wrong = failure && FIELD_OF[failure.code];
  // What a hub has turns out when it is asked.
  const asked: readonly Field[] = wrong === 'key' ? [...asks, 'key'] : asks;
  const send = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const textOf = (name: Field): string => ((form.get(name) ?? '') as string).trim();
    const typed = address ?? textOf('address');
    const kept = secretsFor(typed);
    const token = asks.includes('token') ? textOf('token') : (kept?.token ?? '');
    const key = asked.includes('key') ? keyOfText(keyText) : kept?.key;
    const onDevice = asks.includes('token') ? form.get('remember') !== null : (kept?.onDevice ?? false);
    const problem = addressProblem(typed);
    setFailure(undefined);
    if (problem !== undefined)
      return setFailure({ code: 'SYNC_TARGET_INVALID', message: problem, hint: undefined });
    if (keyText.trim() !== '' && key === undefined) return setFailure(NO_KEY);
    setBusy(true);
    const failed = await connect(typed, { token, key, onDevice });
    setBusy(false);
    setFailure(failed);
  };
  const id = useId();
  const problem = failure && <Problem id={id} failure={failure} />;
  const described = (field: Field): string | undefined => (wrong === field ? id : undefined);
  return (
    <form className="passphrase-form hub-form" onSubmit={(event) => void send(event)}>
      {asked.includes('address') ? (
        <label className="passphrase-form__field">
          Hub address
          <input
            className="field"
            name="address"
            inputMode="url"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            placeholder="https://hub.example"
            required
            aria-invalid={wrong === 'address'}
            aria-describedby={described('address')}
          />
        </label>
      ) : null}
      {wrong === 'address' ? problem : null}
      {asked.includes('token') ? (
        <label className="passphrase-form__field">
          Token
          <input
            className="field"
            type="password"
            name="token"
            autoComplete="off"
            required
            aria-invalid={wrong === 'token'}
            aria-describedby={described('token')}
          />
        </label>
      ) : null}
      {wrong === 'token' ? problem : null}
      {asked.includes('key') ? (
        <KeyField
          text={keyText}
          onText={setKeyText}
          isNeeded={address !== undefined || (wrong === 'key' && failure !== NO_KEY)}
          problem={described('key')}
        >
          {wrong === 'key' ? problem : null}
        </KeyField>
      ) : null}
      {asked.includes('token') ? (
        <div className="hub-form__choice">
          <label className="labelled">
            <input type="checkbox" name="remember" />
            {asked.includes('key')
              ? 'Keep the token and the key on this device'
              : 'Keep the token on this device'}
          </label>
          <p className="muted">
            {asked.includes('key')
              ? 'Without this, they are forgotten when the tab is closed. With it, this browser keeps them, unencrypted. They are never in the database.'
              : 'Without this, it is forgotten when the tab is closed. With it, this browser keeps it, unencrypted. It is never in the database.'}
          </p>
        </div>
      ) : null}
      {encrypted && keyText.trim() === '' ? (
        <label className="labelled hub-form__consent">
          <input type="checkbox" name="plain" required />
          This database is encrypted, and without a key what the hub stores is not: send it all the same
        </label>
      ) : null}
      {wrong === undefined && failure ? <FailureNotice failure={failure} /> : null}
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
