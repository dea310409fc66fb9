import { Toast } from '@base-ui/react/toast';
import type { ReactNode } from 'react';
import type { Failure } from '../database/failure.ts';
import './notices.css';

const manager: ReturnType<typeof Toast.createToastManager> = Toast.createToastManager();

/** Says in passing that something was done. */
export function notify(title: string, description?: string): void {
  manager.add({ title, description });
}

/** Says that something asked for could not be done, and what to do. Stays until it is closed. */
export function notifyFailure(title: string, { code, message, hint }: Failure): void {
  manager.add({
    title,
    description: `${code}: ${message}${hint === undefined ? '' : ` ${hint}`}`,
    type: 'error',
    timeout: 0,
    priority: 'high',
  });
}

/** Where notices appear. */
export function Notices(): ReactNode {
  return (
    <Toast.Provider toastManager={manager}>
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
      </Toast.Content>
      <Toast.Close className="icon-button" aria-label="Close notice">
        ×
      </Toast.Close>
    </Toast.Root>
  ));
}
