import { useState, type ReactNode } from 'react';
import { formatPlural } from '../components/format.ts';
import type { DocumentRole, Session } from '../session/session.ts';
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
  const count = (wanted: DocumentRole): number =>
    session.documents.filter(({ role }) => role === wanted).length;
  const specs = count('spec');
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
      <span className="muted run-bar__inputs">{describeInputs(count)}</span>
    </div>
  );
}

function describeInputs(count: (role: DocumentRole) => number): string {
  const [specs, shapes, imports, gates] = [count('spec'), count('shapes'), count('import'), count('gates')];
  if (specs === 0) return 'Add an ontology to run validation.';
  return [
    formatPlural(specs, 'ontology', 'ontologies'),
    shapes === 0 ? 'with any shapes it contains' : formatPlural(shapes, 'shapes document'),
    ...(imports === 0 ? [] : [formatPlural(imports, 'import')]),
    ...(gates === 0 ? [] : [formatPlural(gates, 'gate')]),
  ].join(', ');
}
