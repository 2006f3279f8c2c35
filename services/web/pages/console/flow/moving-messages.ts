/** How long a dot takes from one service to the next. */
const travelMs = 900;
/** More dots say nothing more, and cost. */
const maxDots = 60;
const samples = 32;

interface Dot {
  readonly circle: SVGCircleElement;
  readonly points: readonly DOMPoint[];
  readonly startsAt: number;
}

/** Dots that run along the lines of a drawing. The clock runs only while there are some. */
export interface MovingMessages {
  /** A dot along a line, after a delay in milliseconds. */
  send(line: SVGPathElement, isError: boolean, delayMs: number): void;
  clear(): void;
}

export const moveMessages = (layer: SVGGElement): MovingMessages => {
  const known = new WeakMap<SVGPathElement, { readonly d: string; readonly points: readonly DOMPoint[] }>();
  let dots: Dot[] = [];
  let frame = 0;

  const step = (now: number): void => {
    dots = dots.filter((dot) => {
      const progress = (now - dot.startsAt) / travelMs;
      if (progress >= 1) {
        dot.circle.remove();
        return false;
      }
      place(dot, progress);
      return true;
    });
    frame = dots.length === 0 ? 0 : requestAnimationFrame(step);
  };

  return {
    send: (line, isError, delayMs) => {
      if (dots.length >= maxDots || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
      const d = line.getAttribute('d') ?? '';
      const before = known.get(line);
      const points = before?.d === d ? before.points : pointsAlong(line);
      known.set(line, { d, points });
      const circle = document.createElementNS('http://www.w3.org/2000/svg', 'circle');
      circle.setAttribute('r', '4');
      circle.setAttribute('class', isError ? 'dot bad' : 'dot');
      circle.setAttribute('visibility', 'hidden');
      layer.append(circle);
      dots.push({ circle, points, startsAt: performance.now() + delayMs });
      if (frame === 0) frame = requestAnimationFrame(step);
    },
    clear: () => {
      cancelAnimationFrame(frame);
      frame = 0;
      for (const { circle } of dots) circle.remove();
      dots = [];
    },
  };
};

const place = ({ circle, points }: Dot, progress: number): void => {
  if (progress < 0) return;
  const position = progress * (points.length - 1);
  const from = points[Math.floor(position)];
  const to = points[Math.ceil(position)];
  if (from === undefined || to === undefined) return;
  const part = position % 1;
  const [x, y] = [from.x + (to.x - from.x) * part, from.y + (to.y - from.y) * part];
  circle.setAttribute('transform', `translate(${x} ${y})`);
  circle.setAttribute('visibility', 'visible');
};

const pointsAlong = (line: SVGPathElement): readonly DOMPoint[] => {
  const length = line.getTotalLength();
  return Array.from({ length: samples }, (_, index) =>
    line.getPointAtLength((length * index) / (samples - 1)),
  );
};
