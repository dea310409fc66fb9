import type { ReactNode } from 'react';
import type { View } from '../address/address.ts';
import { linkTo } from '../address/navigation.ts';
import { textOf } from '../components/printable.ts';
import { StoredText } from '../components/stored-text.tsx';
import { exactAgent } from '../tables/row-filters.ts';

/** Longer ids make no address, and no pattern. */
const MAX_LINKED_LENGTH = 1000;

/** Shows an agent's id as a link to the rows of that agent. */
export function AgentLink({ view, agentId }: { view: View; agentId: unknown }): ReactNode {
  const id = textOf(agentId);
  if (id === '' || id.length > MAX_LINKED_LENGTH || typeof agentId !== 'string')
    return <StoredText text={agentId} />;
  return (
    <a href={linkTo({ view, filters: { agent: exactAgent(id) } })}>
      <StoredText text={id} />
    </a>
  );
}
