import type { JSX } from 'preact';

/** A pattern that is always the same for a sku: the shop has no photographs. */
export const ProductPicture = ({ sku }: { readonly sku: string }): JSX.Element => {
  const seed = hash(sku);
  const hue = seed % 360;
  const shapes = Array.from({ length: 5 }, (_, index) => {
    const bits = hash(`${sku}${index}`);
    return {
      x: bits % 100,
      y: (bits >> 7) % 60,
      size: 10 + ((bits >> 13) % 28),
      round: (bits >> 18) % 2 === 0,
    };
  });
  return (
    <svg class="picture" viewBox="0 0 100 60" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <rect width="100" height="60" fill={`hsl(${hue} 32% 84%)`} />
      {shapes.map(({ x, y, size, round }, index) => (
        <rect
          key={index}
          x={x - size / 2}
          y={y - size / 2}
          width={size}
          height={size}
          rx={round ? size / 2 : 2}
          fill={`hsl(${(hue + index * 23) % 360} 38% ${48 + index * 6}%)`}
          opacity="0.55"
        />
      ))}
    </svg>
  );
};

/** FNV-1a, 31 bits. */
const hash = (text: string): number => {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return value & 0x7fffffff;
};
