import { useState, type ReactNode } from 'react';
import { formatPlural } from '../components/format.ts';
import type { Session } from '../session/session.ts';
import './run-bar.css';

/** Starts and cancels a run, and shows its agent and inputs. */
export function RunBar({
  session,
  running,
  onAgent,
  onRun,
  onCancel,
}: {
  session: Session;
  running: boolean;
  onAgent: (agentId: string) => void;
  onRun: () => void;
  onCancel: () => void;
}): ReactNode {
  const [agentId, setAgentId] = useState(session.agentId);
  const specs = session.documents.filter(({ role }) => role === 'spec').length;
  const shapes = session.documents.length - specs;
  const rename = (): void => {
    const trimmed = agentId.trim();
    if (trimmed === '') setAgentId(session.agentId);
    else if (trimmed !== session.agentId) onAgent(trimmed);
  };
  return (
    <div className="run-bar">
      <button
        type="button"
        className="button button--primary"
        onClick={onRun}
        disabled={running || specs === 0}
      >
        {running ? 'Validating…' : 'Run validation'}
      </button>
      {running ? (
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
      ) : null}
      <label className="labelled">
        as agent
        <input
          className="field run-bar__agent"
          aria-label="Agent ID"
          value={agentId}
          spellCheck={false}
          onChange={(event) => setAgentId(event.target.value)}
          onBlur={rename}
        />
      </label>
      <span className="muted run-bar__inputs">{describeInputs(specs, shapes)}</span>
    </div>
  );
}

function describeInputs(specs: number, shapes: number): string {
  if (specs === 0) return 'Add an ontology to run validation.';
  const ontologies = formatPlural(specs, 'ontology', 'ontologies');
  return shapes === 0
    ? `${ontologies}, with any shapes it contains`
    : `${ontologies}, ${formatPlural(shapes, 'shapes document')}`;
}
