import type { CrashReport } from '../crash-report.ts';

/** The size and seed of a campaign. */
export interface CampaignOptions {
  /** Total number of crashes in all modes. */
  readonly points: number;
  readonly seed: number;
  /** Only modes with this text in their names run. @default all */
  readonly modes?: string | undefined;
}

/** Runs a campaign. Returns one report per storage and mode. */
export type RunCampaign = (options: CampaignOptions) => Promise<CrashReport[]>;

/** A campaign of crashes. Each is a module of its own; `main.ts` lists them. */
export interface Campaign {
  /** The name for `--only`. */
  readonly name: string;
  /** Its share of all crashes, relative to the other campaigns. */
  readonly weight: number;
  /** Runs the product as users have it; must not fail. */
  readonly run: RunCampaign;
  /** Runs the negative controls; each must fail. */
  readonly runControls?: RunCampaign;
}
