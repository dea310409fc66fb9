import { Component, type ReactNode } from 'react';
import { failureOf, type Failure } from '../database/failure.ts';
import { FailureNotice } from './failure-notice.tsx';

/**
 * Shows a notice in place of its content when that cannot be rendered, such as a row of another program that nobody
 * thought of. Without it, React would remove the whole page.
 */
export class FailureBoundary extends Component<
  { readonly children: ReactNode },
  { readonly failure: Failure | undefined }
> {
  override state: { readonly failure: Failure | undefined } = { failure: undefined };

  static getDerivedStateFromError(error: unknown): { readonly failure: Failure } {
    const { code, message } = failureOf(error);
    return {
      failure: {
        code,
        message: `This part cannot be shown: ${message}`,
        hint: 'The stored data is unchanged. Verify in the Database tab names rows that this program cannot read.',
      },
    };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === undefined) return this.props.children;
    return (
      <FailureNotice failure={failure}>
        <button type="button" className="button" onClick={() => this.setState({ failure: undefined })}>
          Try again
        </button>
      </FailureNotice>
    );
  }
}
