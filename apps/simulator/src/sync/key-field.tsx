import { useId, useRef, useState, type ReactNode } from 'react';
import { FilePicker } from '../components/file-picker.tsx';
import { KEY_FILE_NAME, keyOfFile, newKey, saveKey } from './sync-key.ts';

/** Asks for the key with which rows are encrypted before they leave: typed, from a file, or a new one. */
export function KeyField({
  text,
  onText,
  isNeeded,
  problem,
  children,
}: {
  readonly text: string;
  readonly onText: (text: string) => void;
  /** True where rows have a key already, so that a new one would be a wrong one. */
  readonly isNeeded: boolean;
  /** Id of the element that says what is wrong with the key; undefined for nothing. */
  readonly problem: string | undefined;
  /** What is wrong with it. */
  readonly children: ReactNode;
}): ReactNode {
  const file = useRef<HTMLInputElement>(null);
  const [note, setNote] = useState('');
  const about = useId();
  const change = (next: string, why: string): void => {
    onText(next);
    setNote(why);
  };
  const make = (): void => {
    const key = newKey();
    saveKey(key);
    change(key, `Saved as ${KEY_FILE_NAME}. Your other machines need this file.`);
  };
  const choose = async ([chosen]: readonly File[]): Promise<void> => {
    const key = chosen && (await keyOfFile(chosen).catch(() => undefined));
    if (key === undefined) change('', 'This file holds neither 64 hexadecimal digits nor 32 bytes.');
    else change(key, 'Read from the file.');
  };
  return (
    <div className="hub-form__choice">
      <label className="passphrase-form__field">
        {isNeeded ? 'Synchronisation key' : 'Synchronisation key (optional)'}
        <input
          className="field"
          type="password"
          name="key"
          autoComplete="off"
          value={text}
          onChange={(event) => change(event.target.value, '')}
          aria-invalid={problem !== undefined}
          aria-describedby={problem === undefined ? about : `${problem} ${about}`}
        />
      </label>
      {children}
      <div className="hub-form__ways">
        {isNeeded ? null : (
          <button type="button" className="button" onClick={make}>
            Make a key
          </button>
        )}
        <button type="button" className="button" onClick={() => file.current?.click()}>
          Choose key file…
        </button>
        <span aria-live="polite">{problem === undefined ? note : null}</span>
      </div>
      <FilePicker input={file} label="Key file" multiple={false} onFiles={(files) => void choose(files)} />
      <p id={about} className="muted">
        {isNeeded
          ? '64 hexadecimal digits, as your other machines have them.'
          : 'With a key, rows are encrypted before they leave, and the hub cannot read them. All machines of the hub need the same one. Without it nobody can read what the hub has, so keep its file.'}
      </p>
    </div>
  );
}
