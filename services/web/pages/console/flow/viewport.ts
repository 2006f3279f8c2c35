/** The part of a drawing that is seen, in its own units. */
export interface Viewport {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export const whole: Viewport = { x: 0, y: 0, scale: 1 };

const limits = { least: 0.5, most: 6 } as const;

/** Closer or further away, with the middle where it is. */
export const zoom = (
  view: Viewport,
  factor: number,
  size: { readonly width: number; readonly height: number },
): Viewport => {
  const scale = Math.min(limits.most, Math.max(limits.least, view.scale * factor));
  const shift = (length: number): number => (length / view.scale - length / scale) / 2;
  return { x: view.x + shift(size.width), y: view.y + shift(size.height), scale };
};

/** By parts of what is seen. */
export const pan = (
  view: Viewport,
  right: number,
  down: number,
  size: { readonly width: number; readonly height: number },
): Viewport => ({
  ...view,
  x: view.x + (right * size.width) / view.scale,
  y: view.y + (down * size.height) / view.scale,
});

/** What a key does: arrows move, + and - zoom, 0 shows the whole. Undefined for other keys. */
export const viewportAfterKey = (
  view: Viewport,
  key: string,
  size: { readonly width: number; readonly height: number },
): Viewport | undefined => {
  switch (key) {
    case 'ArrowLeft':
      return pan(view, -0.1, 0, size);
    case 'ArrowRight':
      return pan(view, 0.1, 0, size);
    case 'ArrowUp':
      return pan(view, 0, -0.1, size);
    case 'ArrowDown':
      return pan(view, 0, 0.1, size);
    case '+':
    case '=':
      return zoom(view, 1.25, size);
    case '-':
      return zoom(view, 0.8, size);
    case '0':
      return whole;
    default:
      return undefined;
  }
};
