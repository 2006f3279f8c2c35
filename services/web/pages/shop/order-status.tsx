import type { JSX } from 'preact';

const looks: Readonly<Record<string, readonly [look: string, text: string]>> = {
  placed: ['', 'in progress'],
  confirmed: ['', 'confirmed'],
  completed: ['good', 'completed'],
  cancelling: ['warn', 'being cancelled'],
  cancelled: ['bad', 'cancelled'],
  'needs-attention': ['warn', 'we are looking into it'],
};

export const Status = ({ of }: { readonly of: string }): JSX.Element => {
  const [look, text] = looks[of] ?? ['', of];
  return <span class={`badge ${look}`}>{text}</span>;
};
