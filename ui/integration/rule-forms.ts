import type { Page } from 'playwright-core';

/** One rule as a person makes it in the builder, and what must come of it. */
export interface RuleForm {
  readonly name: string;
  /** The word of its kind in the list of the builder. */
  readonly kind: string;
  fill(page: Page): Promise<void>;
  /** What `/v1/rules` answers of it, at least. */
  readonly meant: (known: { readonly schedule: number; readonly target: number }) => object;
  /** The sentence that says it again. */
  readonly sentence: string;
  /** Of what it does, in words. */
  readonly does?: readonly string[];
}

const CHANNEL = 'site:variables/level';

const field = async (page: Page, label: string, value: string): Promise<void> => {
  // A group of a figure and its unit is named as its figure.
  await page.getByLabel(label, { exact: true }).and(page.locator('input, textarea')).fill(value);
};
const choose = async (page: Page, label: string, word: string): Promise<void> => {
  await page.getByLabel(label, { exact: true }).selectOption({ label: word });
};
/** A span in its field, in the unit that people choose. */
const span = async (page: Page, label: string, amount: string, unit: string): Promise<void> => {
  await choose(page, `Unit of ${label}`, unit);
  await field(page, label, amount);
};

/** One of each kind of condition; between them each field of the builder is used. */
export const RULE_FORMS: readonly RuleForm[] = [
  {
    name: 'Level high',
    kind: 'a value crosses a limit',
    async fill(page) {
      await field(page, 'Channel', CHANNEL);
      await choose(page, 'is', 'at or above');
      await field(page, 'Limit', '20');
      await field(page, 'Over again at', '18.5');
      await span(page, 'for at least', '10', 'min');
      await field(page, 'Times in a row', '5');
      await span(page, 'keep firing for', '90', 's');
      await span(page, 'then rest for', '2', 'h');
      await page.getByText(/Now \d/).waitFor();
      await choose(page, 'Without data it is', 'firing');
      await span(page, 'Without data after', '30', 's');
      await choose(page, 'Only while open', 'Opening hours');
      await choose(page, 'An evaluation that fails is', 'as before');
      await field(page, 'Most firings a minute', '4');
      await field(page, 'Labels of its alarms', 'area = stage');
      await field(page, 'Words of the alarm', '{{device}} is at {{value}}');
      await choose(page, 'It', 'raises a major alarm');
      await page.getByRole('button', { name: 'Add a step' }).click();
      const step = page.getByRole('list', { name: 'Escalation' }).getByRole('listitem').first();
      await step.getByLabel('it', { exact: true }).selectOption({ label: 'becomes critical' });
      await step.getByText('Desk', { exact: true }).click();
      const actions = page.getByRole('list', { name: 'Actions' }).locator('> li');
      await page.getByRole('button', { name: 'Add an action' }).click();
      await actions.nth(0).getByLabel('Target', { exact: true }).selectOption({ label: 'Desk' });
      await actions.nth(0).getByLabel('Subject').fill('{{rule}}: {{value}}');
      await page.getByRole('button', { name: 'Add an action' }).click();
      await actions
        .nth(1)
        .getByLabel('When', { exact: true })
        .selectOption({ label: 'Both times' });
      await actions
        .nth(1)
        .getByLabel('Do', { exact: true })
        .selectOption({ label: 'set a variable' });
      await actions.nth(1).getByLabel('Variable').fill('seen');
      await actions.nth(1).getByLabel('To', { exact: true }).fill('=$seen + 1');
    },
    meant: ({ schedule, target }) => ({
      condition: { type: 'threshold', channel: CHANNEL, op: '>=', value: 20, clear: 18.5 },
      holdMs: 600_000,
      inARow: 5,
      keepMs: 90_000,
      cooldownMs: 7_200_000,
      noData: 'firing',
      noDataAfterMs: 30_000,
      onError: 'keep',
      maxPerMinute: 4,
      scheduleId: schedule,
      severity: 'major',
      labels: { area: 'stage' },
      text: '{{device}} is at {{value}}',
      escalation: [{ afterMs: 600_000, severity: 'critical', targetIds: [target] }],
      actions: [
        { type: 'notify', on: 'firing', targetId: target, subject: '{{rule}}: {{value}}' },
        { type: 'variable', on: 'both', name: 'seen', value: '=$seen + 1' },
      ],
    }),
    sentence: `When ${CHANNEL} is at or above 20 for 10 min, 5 times in a row, until it is back at 18.5`,
    does: [
      'It raises a major alarm with area stage.',
      'When nobody acknowledges it for 10 min, it becomes critical and Desk hears of it.',
      'When it fires: tell a target.',
      'When it fires and when it is over: set a variable.',
      'It watches only while “Opening hours” is open.',
      'It keeps firing for 1 min 30 s.',
      'Then it rests for 2 h.',
      'Without data it fires, after 30 s.',
      'More than 4 firings a minute stop it.',
      'An evaluation that fails changes nothing.',
    ],
  },
  {
    name: 'Level out of its range',
    kind: 'a value leaves or enters a range',
    async fill(page) {
      await field(page, 'Channel', CHANNEL);
      await field(page, 'From', '-2');
      await field(page, 'To', '40');
      await field(page, 'Over again past it by', '1.5');
    },
    meant: () => ({
      condition: {
        type: 'range',
        channel: CHANNEL,
        low: -2,
        high: 40,
        when: 'outside',
        hysteresis: 1.5,
      },
    }),
    sentence: `When ${CHANNEL} is outside -2 to 40, until it is 1.5 inside again`,
  },
  {
    name: 'Level is seven',
    kind: 'a value is something',
    async fill(page) {
      await field(page, 'Channel', CHANNEL);
      await choose(page, 'is', 'not');
      await field(page, 'Value', '7');
      await field(page, 'Give or take', '0.25');
    },
    meant: () => ({
      condition: { type: 'equals', channel: CHANNEL, value: 7, tolerance: 0.25, negate: true },
    }),
    sentence: `When ${CHANNEL} is not 7, give or take 0.25`,
  },
  {
    name: 'Level falls fast',
    kind: 'a value changes fast',
    async fill(page) {
      await field(page, 'Channel', CHANNEL);
      await span(page, 'changes over', '2', 'min');
      await choose(page, 'by', 'below');
      await field(page, 'Per second', '-0.5');
      await field(page, 'Over again at', '-0.1');
    },
    meant: () => ({
      condition: {
        type: 'rate',
        channel: CHANNEL,
        overMs: 120_000,
        op: '<',
        perSecond: -0.5,
        clear: -0.1,
      },
    }),
    sentence: `When ${CHANNEL} changes by below -0.5 a second over 2 min, until it is back at -0.1 a second`,
  },
  {
    name: 'Level spread',
    kind: 'a figure over some time crosses a limit',
    async fill(page) {
      await choose(page, 'The', 'spread');
      await field(page, 'of channel', CHANNEL);
      await span(page, 'over', '1', 'h');
      await field(page, 'Limit', '3');
    },
    meant: () => ({
      condition: {
        type: 'aggregate',
        channel: CHANNEL,
        function: 'range',
        windowMs: 3_600_000,
        op: '>',
        value: 3,
      },
    }),
    sentence: `When the spread of ${CHANNEL} over 1 h is above 3`,
  },
  {
    name: 'Battery silent',
    kind: 'a channel falls silent',
    async fill(page) {
      await field(page, 'Channel', '@');
      await span(page, 'says nothing for', '15', 's');
      await field(page, 'For each of these channels', '*/battery\nsite:variables/level');
      await choose(page, 'It', 'raises no alarm');
    },
    meant: () => ({
      condition: { type: 'no-data', channel: '@', afterMs: 15_000 },
      each: ['*/battery', CHANNEL],
      severity: null,
      actions: [],
    }),
    sentence: `For each of */battery, ${CHANNEL}: when @ says nothing for 15 s`,
    does: ['It raises no alarm and does nothing.'],
  },
  {
    name: 'Expression',
    kind: 'an expression is true',
    async fill(page) {
      await field(page, 'Expression', '$level > 3 and $seen < 9');
      await field(page, 'Over again when', '$level < 1');
      await page.getByText('It can be read').nth(1).waitFor();
    },
    meant: () => ({
      condition: { type: 'expression', text: '$level > 3 and $seen < 9', clear: '$level < 1' },
    }),
    sentence: 'When $level > 3 and $seen < 9, until $level < 1',
  },
  {
    name: 'Opening',
    kind: 'a schedule is open',
    async fill(page) {
      await choose(page, 'Schedule', 'Opening hours');
    },
    meant: ({ schedule }) => ({ condition: { type: 'schedule', scheduleId: schedule } }),
    sentence: 'While “Opening hours” is open',
  },
];
