import { expect, type Page } from '@playwright/test';

/** Sizes of windows in pixels: of a desk, and of a phone. */
export const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;

/** One of {@link SIZES}. */
export type Size = keyof typeof SIZES;

/** Takes pictures of what is shown when all of it is there, light and dark. @param sizes - of the window. @default wide and on a phone */
export async function takePictures(
  page: Page,
  name: string,
  sizes: readonly Size[] = ['wide', 'phone'],
): Promise<void> {
  await expect(page.getByText(/^(Loading|Opening the database)…$/)).toHaveCount(0);
  await expect(page.locator('[data-ready="false"]')).toHaveCount(0);
  for (const size of sizes) {
    await page.setViewportSize(SIZES[size]);
    // An editor measures its lines where it is seen, and on a phone it is below the window.
    await page.evaluate(async () => {
      for (const top of [document.documentElement.scrollHeight, 0]) {
        scrollTo(0, top);
        await new Promise((resolve) => void requestAnimationFrame(() => requestAnimationFrame(resolve)));
      }
    });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.evaluate(() => new Promise((resolve) => void requestAnimationFrame(resolve)));
      // On a phone all of the page, of which a window shows a part.
      await page.screenshot({
        path: `e2e/test-results/pictures/${name}-${size}-${colorScheme}.png`,
        fullPage: size === 'phone',
      });
    }
  }
  await page.setViewportSize(SIZES.wide);
}
