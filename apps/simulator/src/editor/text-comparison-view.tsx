import { useEffect, useRef, useState, type ReactNode } from 'react';
import { FailureNotice } from '../components/failure-notice.tsx';
import { failureOf, type Failure } from '../database/failure.ts';
import './text-comparison-view.css';

/** Shows two texts side by side with their differences. What does it is loaded with the first comparison. */
export function TextComparison({
  before,
  after,
  beforeLabel,
  afterLabel,
}: {
  before: string;
  after: string;
  beforeLabel: string;
  afterLabel: string;
}): ReactNode {
  const host = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState<Failure>();
  const isSame = before === after;
  useEffect(() => {
    if (isSame) return undefined;
    let mounted = true;
    let remove: (() => void) | undefined;
    const load = async (): Promise<void> => {
      try {
        const { showComparison } = await import('./text-comparison.ts');
        if (!mounted || !host.current) return;
        remove = showComparison(
          host.current,
          { text: before, label: beforeLabel },
          { text: after, label: afterLabel },
        );
      } catch (error) {
        setFailure(failureOf(error));
      }
    };
    void load();
    return () => {
      mounted = false;
      remove?.();
    };
  }, [before, after, beforeLabel, afterLabel, isSame]);
  if (failure) return <FailureNotice failure={failure} />;
  if (isSame) return <p className="muted">The two are the same, byte for byte.</p>;
  return (
    <div className="text-comparison">
      <div className="text-comparison__labels" aria-hidden="true">
        <span>{beforeLabel}</span>
        <span>{afterLabel}</span>
      </div>
      <div ref={host} className="text-comparison__texts" />
    </div>
  );
}
