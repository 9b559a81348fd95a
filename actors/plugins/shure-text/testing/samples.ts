import type { FieldSink } from '../fields.js';
import type { Frame } from '../frame.js';
import type { SampleReader, SampleValue } from '../samples.js';

/** Tells what a `SAMPLE` frame says as if each value came by itself. */
export function tellSample(
  sample: SampleReader | undefined,
  frame: Frame,
  part: number,
  sink: FieldSink,
): void {
  if (sample === undefined) return;
  const values: SampleValue[] = [];
  if (!sample.read(frame, values)) {
    sink.impossible(part, 'SAMPLE', frame.text());
    return;
  }
  sample.fields.forEach((field, i) => {
    const value = values[i];
    if (value !== undefined) sink.value(part, field, value);
  });
}
