import { showTime } from '@ggen-sim/core';
import type { ReactNode } from 'react';

/**
 * Shows a stored time. Narrow tables leave out the year.
 *
 * @param time - as it is stored, which may be in the form of another program
 */
export function Timestamp({ time }: { time: string }): ReactNode {
  const shown = showTime(time);
  return (
    <time dateTime={`${shown.replace(' ', 'T')}Z`}>
      <span className="timestamp__year">{shown.slice(0, 5)}</span>
      {shown.slice(5)}
    </time>
  );
}
