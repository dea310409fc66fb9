import type { ReactNode } from 'react';
import { CopyableText } from '../components/copyable-text.tsx';
import { formatBytes } from '../components/format.ts';
import { StoredText } from '../components/stored-text.tsx';
import type { HashedInput } from './receipt-stages.ts';
import './input-list.css';

/** Lists the inputs of an execution with the whole of their hashes. */
export function InputList({ inputs }: { inputs: readonly HashedInput[] }): ReactNode {
  if (inputs.length === 0) return null;
  return (
    <section aria-label="Inputs" className="input-list">
      <h3>Inputs</h3>
      <ul>
        {inputs.map(({ name, role, sizeBytes, sha256 }) => (
          <li key={`${role} ${name}`} className="input-list__input">
            <strong>
              <StoredText text={name} />
            </strong>{' '}
            <span className="muted">
              <StoredText
                text={[role, sizeBytes === undefined ? undefined : formatBytes(sizeBytes)]
                  .filter((part) => part !== undefined)
                  .join(', ')}
              />
            </span>
            {sha256 === undefined ? null : (
              <span className="input-list__hash">
                <span className="muted">SHA-256 </span>
                <CopyableText name={`hash of ${name}`} text={sha256} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
