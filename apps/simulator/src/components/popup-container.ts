import { createContext, type Context, type RefObject } from 'react';

/**
 * Where menus open: within the page's main part. At the end of the body, where libraries put them, they are outside of
 * every landmark, and whoever moves by landmarks does not find them.
 */
export const PopupPlace: Context<RefObject<HTMLElement | null> | undefined> = createContext<
  RefObject<HTMLElement | null> | undefined
>(undefined);
