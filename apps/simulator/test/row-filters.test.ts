import { expect, it } from 'vitest';
import { exactAgent, memoryFiltersOf } from '../src/tables/row-filters.ts';

it('an agent without wildcards is looked up, and a pattern is compared', () => {
  expect(memoryFiltersOf({ agent: 'agent-17' })).toEqual({ agentExact: 'agent-17' });
  for (const agent of ['agent-*', 'alph%', 'my_agent', String.raw`a\\*`]) {
    expect(memoryFiltersOf({ agent })).toEqual({ agent });
  }
});

it('an id as a pattern leads back to the id', () => {
  for (const id of ['plain', 'a_b', '100%', '*', String.raw`back\slash`, String.raw`\*`, String.raw`\\`]) {
    expect(memoryFiltersOf({ agent: exactAgent(id) })).toEqual({ agentExact: id });
  }
});
