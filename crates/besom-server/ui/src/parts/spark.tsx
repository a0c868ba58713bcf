// The best value so far as a line without axes.

import type { JSX } from "solid-js";

const WIDTH = 96;
const HEIGHT = 24;

export function Spark(props: { trend: number[] }): JSX.Element {
  const points = (): string => {
    const { trend } = props;
    const [low, high] = [Math.min(...trend), Math.max(...trend)];
    const y = (value: number): number => (high > low ? (HEIGHT - 6) * ((high - value) / (high - low)) + 3 : HEIGHT / 2);
    return trend.map((value, i) => `${((WIDTH - 4) * i) / Math.max(1, trend.length - 1) + 2},${y(value).toFixed(1)}`).join(" ");
  };
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <polyline points={points()} />
    </svg>
  );
}
