import type { ReactNode } from 'react';
import { StoredText } from './stored-text.tsx';
import './status.css';

/** Colour and shape of a status. The word beside it names the status. */
export type Tone = 'success' | 'warning' | 'error' | 'neutral';

const TONES: Readonly<Record<string, Tone>> = {
  success: 'success',
  completed: 'success',
  partial: 'warning',
  retry: 'warning',
  error: 'error',
  failed: 'error',
};

/** Shapes differ as well as colours, for users who cannot tell the colours apart. */
const SHAPES: Readonly<Record<Tone, string>> = {
  success: 'M3 8.5l3.2 3.2L13 5',
  warning: 'M8 3v6m0 3v1',
  error: 'M4 4l8 8m0-8l-8 8',
  neutral: 'M4 8h8',
};

/** Returns the tone of a stored status. */
export function toneOf(status: string): Tone {
  return TONES[status] ?? 'neutral';
}

/** Shows the mark alone; the text beside it must say the same. */
export function StatusMark({ tone }: { tone: Tone }): ReactNode {
  return (
    <svg className={`status-mark status-mark--${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[tone]} />
    </svg>
  );
}

/**
 * Shows a stored status with its mark.
 *
 * @param shown - a more exact word for it. @default the status
 */
export function Status({
  status,
  shown = status,
}: {
  status: string;
  shown?: string | undefined;
}): ReactNode {
  const tone = toneOf(status);
  return (
    <span className={`status status--${tone}`}>
      <StatusMark tone={tone} />
      <StoredText text={shown} />
    </span>
  );
}
