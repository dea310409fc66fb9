import type { ReactNode } from 'react';
import { failureOf } from '../database/failure.ts';
import { notify, notifyFailure } from './notices.tsx';
import { textOf } from './printable.ts';
import { StoredText } from './stored-text.tsx';
import './copyable-text.css';

/** Shows the whole of an id or a hash, with a button that copies it as it is stored. */
export function CopyableText({ text, name = 'ID' }: { text: unknown; name?: string }): ReactNode {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(textOf(text));
      notify(`${name} copied`);
    } catch (error) {
      notifyFailure('Could not copy', failureOf(error));
    }
  };
  return (
    <span className="copyable-text">
      <code>
        <StoredText text={text} />
      </code>
      <button
        type="button"
        className="copyable-text__copy"
        aria-label={`Copy ${name}`}
        title={`Copy ${name}`}
        onClick={() => void copy()}
      >
        <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <path
            d="M6 6h7v7H6zM3 10V3h7"
            fill="none"
            stroke="currentcolor"
            strokeWidth="1.5"
            strokeLinejoin="round"
          />
        </svg>
      </button>
    </span>
  );
}
