import { Toast } from '@base-ui/react/toast';
import type { ReactNode } from 'react';
import type { Failure } from '../database/failure.ts';
import './notices.css';

const TOASTS: ReturnType<typeof Toast.createToastManager> = Toast.createToastManager();

/** Shows a notice that an action succeeded. It disappears by itself. */
export function notify(title: string, description?: string): void {
  TOASTS.add({ title, description });
}

/** Time in which an action can be undone from its notice. */
const UNDO_MS = 20_000;

/** Shows a notice that something was done, with a button that undoes it. */
export function notifyUndoable(title: string, undo: () => void): void {
  const id = TOASTS.add({
    title,
    timeout: UNDO_MS,
    actionProps: {
      children: 'Undo',
      onClick: () => {
        TOASTS.close(id);
        undo();
      },
    },
  });
}

/** Shows a notice that asks for a look. It stays until the user closes it. */
export function notifyLasting(title: string, description: string): void {
  TOASTS.add({ title, description, type: 'warning', timeout: 0, priority: 'high' });
}

/** Shows a notice that an action failed. It stays until the user closes it. */
export function notifyFailure(title: string, { code, message, hint }: Failure): void {
  TOASTS.add({
    title,
    description: `${code}: ${message}${hint === undefined ? '' : ` ${hint}`}`,
    type: 'error',
    timeout: 0,
    priority: 'high',
  });
}

/** Renders the notices. */
export function Notices(): ReactNode {
  return (
    <Toast.Provider toastManager={TOASTS}>
      <Toast.Portal>
        <Toast.Viewport className="notices">
          <NoticeList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function NoticeList(): ReactNode {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={`notice notice--${toast.type ?? 'done'}`}>
      <Toast.Content className="notice__content">
        <Toast.Title className="notice__title" />
        <Toast.Description className="notice__description" />
        <Toast.Action className="button notice__action" />
      </Toast.Content>
      <Toast.Close className="icon-button" aria-label="Close notice">
        ×
      </Toast.Close>
    </Toast.Root>
  ));
}
