import type { ReactNode } from 'react';

/**
 * Shows a stored time. Narrow tables leave out the year.
 *
 * @param time - UTC `YYYY-MM-DD HH:MM:SS`
 */
export function Timestamp({ time }: { time: string }): ReactNode {
  return (
    <time dateTime={`${time.replace(' ', 'T')}Z`}>
      <span className="timestamp__year">{time.slice(0, 5)}</span>
      {time.slice(5)}
    </time>
  );
}
