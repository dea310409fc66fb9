import { createContext, type Context, type RefObject } from 'react';

/**
 * The element that contains open menus, inside the page's main landmark. Libraries append menus to the body, outside
 * every landmark, where users who navigate by landmarks do not find them.
 */
export const PopupContainer: Context<RefObject<HTMLElement | null> | undefined> = createContext<
  RefObject<HTMLElement | null> | undefined
>(undefined);
