import type { Page } from '@playwright/test';

/** Sizes of windows in pixels: of a desk, and of a phone. */
export const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;

/** Takes pictures of what is shown, wide and on a phone, light and dark. */
export async function takePictures(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.evaluate(() => new Promise((resolve) => void requestAnimationFrame(resolve)));
      await page.screenshot({ path: `e2e/test-results/pictures/${name}-${size}-${colorScheme}.png` });
    }
  }
  await page.setViewportSize(SIZES.wide);
}
