import { formatNumber } from '../analysis/format-number.ts';
import { columnsOf, extentOf } from './plot-columns.ts';
import type { Point } from './report.ts';

export interface TextPlot {
  points: readonly Point[];
  period: { from: number; to: number };
  thresholds: readonly number[];
  /** Characters for the whole of a line, its labels included. */
  width: number;
  /** Lines of the plot itself. */
  height: number;
  /** Marks what is bad. */
  paintBad: (text: string) => string;
}

/** Dots of a Braille character by row and column, as Unicode numbers them. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BRAILLE = 0x2800;
const LABEL = 9;

/**
 * Values over time in Braille dots, two by four a character, with the thresholds as dashed lines and with days below.
 * Without any value there is one line that says so.
 */
export function textPlot({ points, period, thresholds, width, height, paintBad }: TextPlot): string[] {
  const cells = Math.max(10, width - LABEL - 2);
  const columns = columnsOf(points, period, cells * 2);
  const extent = extentOf(columns, thresholds);
  if (!extent) return [`${' '.repeat(LABEL)}  no values to plot`];
  const dotsHigh = height * 4;
  const rowOf = (value: number) =>
    Math.round((1 - (value - extent.low) / (extent.high - extent.low)) * (dotsHigh - 1));

  const grid = Array.from({ length: height }, () => new Array<number>(cells).fill(0));
  for (const [x, { low, high }] of columns.entries()) {
    if (low === undefined || high === undefined) continue;
    for (let y = rowOf(high); y <= rowOf(low); y++) {
      const row = grid[Math.floor(y / 4)];
      const cell = Math.floor(x / 2);
      if (row) row[cell] = (row[cell] ?? 0) | (DOTS[y % 4]?.[x % 2] ?? 0);
    }
  }
  const dashed = new Set(thresholds.map((threshold) => Math.floor(rowOf(threshold) / 4)));
  const isBad = (cell: number) => columns.slice(cell * 2, cell * 2 + 2).some(({ bad }) => bad > 0);
  const lines = grid.map((row, y) => {
    const text = row
      .map((dots, cell) => {
        if (dots === 0) return dashed.has(y) ? '┄' : ' ';
        const character = String.fromCodePoint(BRAILLE + dots);
        return isBad(cell) ? paintBad(character) : character;
      })
      .join('');
    const label = y === 0 ? extent.high : y === height - 1 ? extent.low : undefined;
    return `${(label === undefined ? '' : shortNumber(label)).padStart(LABEL)} ${label === undefined ? '│' : '┤'}${text}`;
  });
  const days = [period.from, period.to].map((at) => minuteText(at));
  const between = Math.max(1, cells - (days[0]?.length ?? 0) - (days[1]?.length ?? 0));
  return [...lines, `${' '.repeat(LABEL + 2)}${days[0]}${' '.repeat(between)}${days[1]}`];
}

function shortNumber(value: number): string {
  const text = formatNumber(value);
  return text.length <= LABEL ? text : value.toPrecision(3);
}

/** `2026-03-01 08:15`, in UTC. */
export function minuteText(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ');
}
