import type { EncoderOptions, StreamFormat } from '../ports.js';

/**
 * Up to here two channels cost more clarity than they give room, kbit/s: at 64 MP3 in stereo loses everything
 * above 11 kHz, in mono it keeps 15; Opus and Vorbis hold out longer.
 */
const MONO_UP_TO_KBPS: Readonly<Record<StreamFormat, number>> = { mp3: 64, opus: 32, vorbis: 56 };

/** Channels in which a format is encoded at a bitrate, unless `EncoderOptions.channels` says otherwise. */
export function channelsOf(format: StreamFormat, bitrateKbps: number): 1 | 2 {
  return bitrateKbps <= MONO_UP_TO_KBPS[format] ? 1 : 2;
}

/** The channels that an encoder of these options has. */
export function channelsFor(options: EncoderOptions): 1 | 2 {
  return options.channels ?? channelsOf(options.format, options.bitrateKbps);
}
