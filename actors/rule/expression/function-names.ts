/** Functions of the language, with what `docs/rules.md` says of them. */
export const FUNCTIONS = {
  if: 'if(condition, a, b): a when the condition holds, else b; both of one kind',
  min: 'min(a, b, …): the least; min([channel], 10 min): of its samples in a span',
  max: 'max(a, b, …): the greatest; max([channel], 10 min): of its samples in a span',
  avg: 'avg([channel], 10 min): mean of its samples in a span; avg(a, b, …): of values',
  sum: 'sum([channel], 10 min): of its samples in a span',
  count: 'count([channel], 10 min): how many samples',
  stddev: 'stddev([channel], 10 min): standard deviation',
  range: 'range([channel], 10 min): greatest less least',
  last: 'last([channel], 10 min): latest value unless it is older',
  age: 'age([channel]): time since its latest value',
  changed: 'changed([channel]): its latest value is another than the one before',
  previous: 'previous([channel]): the value before the latest',
  known: 'known(x): there is a value',
  default: 'default(x, y): y while x has no value',
  abs: 'abs(x): without its sign',
  round: 'round(x), round(x, digits): 0 to 10 digits',
  floor: 'floor(x): next whole number below',
  ceil: 'ceil(x): next whole number above',
  clamp: 'clamp(x, low, high): x, but not outside of low and high',
  sqrt: 'sqrt(x): square root',
  mod: 'mod(x, y): remainder, of the sign of y',
  number: 'number(x): without its unit; a text as a number, a flag as 0 or 1',
  text: 'text(x): as text',
  convert: 'convert(x, "°F"): in another unit of its dimension',
  contains: 'contains(text, part): any letter case',
  starts: 'starts(text, part): any letter case',
  ends: 'ends(text, part): any letter case',
  lower: 'lower(text): in small letters',
  upper: 'upper(text): in capital letters',
  trim: 'trim(text): without blanks at its ends',
  length: 'length(text): characters',
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS);
