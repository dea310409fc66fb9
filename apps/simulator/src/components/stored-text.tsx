import type { ReactNode } from 'react';
import { printable } from './printable.ts';

/** Shows text that another program may have stored. It is isolated: its direction does not move its neighbours. */
export function StoredText({ text }: { text: unknown }): ReactNode {
  return <bdi>{printable(text)}</bdi>;
}
