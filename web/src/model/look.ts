/** How bright the slide is shown: numbers that work alike on each of the three colours. */

export interface Look {
  /** 0 leaves it. */
  brightness: number;
  /** 1 leaves it. */
  contrast: number;
  /** 1 leaves it, more is lighter. */
  gamma: number;
}

/** How strongly shapes are painted, all of them and their areas, and whether with an outline. */
export interface ShapeLook {
  opacity: number;
  fill: number;
  outline: boolean;
}

export const PLAIN_SHAPES: ShapeLook = { opacity: 1, fill: 0.12, outline: true };

export const PLAIN: Look = { brightness: 0, contrast: 1, gamma: 1 };

/** How far each can be changed. */
export const LIMITS = {
  brightness: { min: -0.5, max: 0.5, step: 0.01 },
  contrast: { min: 0.2, max: 3, step: 0.05 },
  gamma: { min: 0.3, max: 3, step: 0.05 },
} as const;

export function within(look: Look): Look {
  const held = (name: keyof Look) => Math.min(LIMITS[name].max, Math.max(LIMITS[name].min, look[name]));
  return { brightness: held("brightness"), contrast: held("contrast"), gamma: held("gamma") };
}

export function isPlain({ brightness, contrast, gamma }: Look): boolean {
  return brightness === 0 && contrast === 1 && gamma === 1;
}

/** What becomes of a sample of 0 to 1: contrast about the middle, then brightness, then gamma. */
export function curveOf({ brightness, contrast, gamma }: Look) {
  return { slope: contrast, intercept: 0.5 - 0.5 * contrast + brightness, exponent: 1 / gamma };
}

export function shown(look: Look, sample: number): number {
  const { slope, intercept, exponent } = curveOf(look);
  return Math.min(1, Math.max(0, slope * sample + intercept)) ** exponent;
}
