import type { TestServer } from '../api/testing/server.js';
import { json } from './devices-calls.js';

/** Devices of the pages bench, and how many figures each reports: together twenty channels. */
export const DEVICES = ['hall', 'stage', 'garden', 'cellar'] as const;
export const FIGURES = 5;
/** Ten a second. */
export const STEP_MS = 100;
export const figureName = (figure: number): string => `c${figure}`;

export const CHANNELS: readonly string[] = DEVICES.flatMap((device) =>
  Array.from({ length: FIGURES }, (_, figure) => `${device}/${figureName(figure)}`),
);

interface WidgetPlan {
  readonly type: string;
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly config: Readonly<Record<string, unknown>>;
}

/** One channel of the twenty, counted round. */
const channel = (place: number): string => CHANNELS[place % CHANNELS.length] ?? '';
const several = (first: number, count: number) => ({
  channels: Array.from({ length: count }, (_, i) => ({ channel: channel(first + i) })),
});
const bands = [
  { value: 0, tone: 'good', label: 'Calm' },
  { value: 40, tone: 'attention', label: 'High' },
  { value: 80, tone: 'critical', label: 'Too high' },
] as const;

/** Thirty widgets of all kinds in nineteen rows of the grid. */
export function thirtyWidgets(projectId: number): readonly WidgetPlan[] {
  const row = (y: number, h: number, widgets: readonly Omit<WidgetPlan, 'x' | 'y' | 'h'>[]) => {
    let x = 0;
    return widgets.map((widget): WidgetPlan => {
      const placed = { ...widget, x, y, h };
      x += widget.w;
      return placed;
    });
  };
  const gauge = (place: number) => ({
    type: 'gauge',
    title: `Level ${place + 1}`,
    w: 2,
    config: { channel: channel(place * 3), min: 0, max: 100, thresholds: bands },
  });
  const stat = (place: number) => ({
    type: 'stat_card',
    title: `Figure ${place + 1}`,
    w: 2,
    config: { channel: channel(place * 3 + 1), delta: place % 2 === 0 },
  });
  const chart = (place: number, count: number) => ({
    type: 'line_chart',
    title: `Course ${place + 1}`,
    w: 4,
    config: several(place * 3, count),
  });
  const table = (title: string, query: Readonly<Record<string, unknown>>) => ({
    type: 'table',
    title,
    w: 4,
    config: { query },
  });
  const toggle = (title: string, device: string) => ({
    type: 'actuator_toggle',
    title,
    w: 2,
    config: { channel: `${device}/lamp`, on: true, off: false },
  });
  const slider = (title: string, device: string) => ({
    type: 'actuator_slider',
    title,
    w: 2,
    config: { channel: `${device}/dim`, min: 0, max: 100 },
  });
  const six = [0, 1, 2, 3, 4, 5];
  return [
    ...row(0, 3, six.map(gauge)),
    ...row(3, 3, [chart(0, 4), chart(1, 2), chart(2, 4)]),
    ...row(6, 2, six.map(stat)),
    ...row(8, 3, [chart(3, 3), chart(4, 4), chart(5, 5)]),
    ...row(11, 3, [
      table('Devices', { resource: 'devices', fields: ['name', 'state', 'protocol'] }),
      table('Channels', { resource: 'channels', fields: ['name', 'value', 'atUnixMs'] }),
      { type: 'alarm_list', title: 'Alarms', w: 4, config: {} },
    ]),
    ...row(14, 3, [
      {
        type: 'state_timeline',
        title: 'Bands',
        w: 4,
        config: { ...several(8, 3), thresholds: bands },
      },
      { type: 'map', title: 'Site', w: 4, config: { projectId } },
      chart(6, 2),
    ]),
    ...row(17, 2, [
      toggle('Lamp', 'hall'),
      toggle('Pump', 'garden'),
      slider('Dimmer', 'hall'),
      slider('Stage light', 'stage'),
      {
        type: 'text',
        title: 'Note',
        w: 2,
        config: { text: '- ring before you open\n- **lights** out at ten' },
      },
      { type: 'image', title: 'Logo', w: 2, config: { url: '/icon.svg', alt: 'Logo' } },
    ]),
  ];
}

/** All channels in one chart. */
export const twentyLines = (): readonly WidgetPlan[] => [
  {
    type: 'line_chart',
    title: 'Everything',
    x: 0,
    y: 0,
    w: 12,
    h: 9,
    config: several(0, CHANNELS.length),
  },
];

/** Makes a dashboard through the API; answers its page. */
export async function makeDashboard(
  server: TestServer,
  cookie: string,
  name: string,
  widgets: readonly WidgetPlan[],
): Promise<string> {
  const { id } = await json<{ readonly id: number }>(server, cookie, '/v1/dashboards', 'POST', {
    name,
  });
  await json(server, cookie, `/v1/dashboards/${id}`, 'PUT', { name, widgets });
  return `/dashboards/${id}`;
}
