/** What strangers' files may cost. */
export interface JobLimits {
  /** Longest sound or film, seconds. */
  readonly maxDurationS: number;
  /** Largest picture, width × height. */
  readonly maxPixels: number;
  /** Most streams in a file. */
  readonly maxStreams: number;
  /** Largest text, bytes. */
  readonly maxTextBytes: number;
  /** Address space of an ffmpeg process, bytes. */
  readonly memoryBytes: number;
  /** Largest file that a job may write, bytes. */
  readonly maxOutputBytes: number;
  /** Wall time of a job, ms. */
  readonly jobMs: number;
}

export type MediaKind = 'audio' | 'photo' | 'text' | 'video';

export interface Job {
  /** Absolute path; only read. */
  readonly input: string;
  /** Empty folder for what the job makes; the caller removes it. */
  readonly outFolder: string;
  /** File names of the results begin with it. */
  readonly stem: string;
  /** What the sender says; text is taken as text only when it was announced. */
  readonly declaredKind: MediaKind | undefined;
  readonly declaredType: string | undefined;
  readonly limits: JobLimits;
  /** `check`: only looks whether it can be read; `mp3`: makes nothing else of a WAV file of ours. */
  readonly only?: 'check' | 'mp3';
}

export type Role = 'wav' | 'mp3' | 'm4a' | 'photo' | 'thumbnail' | 'text' | 'video' | 'peaks';

export interface MadeFile {
  readonly role: Role;
  /** Name in `outFolder`. */
  readonly name: string;
  readonly contentType: string;
  readonly sizeBytes: number;
}

export interface JobResult {
  readonly kind: MediaKind;
  /** Hex, of the original's bytes. */
  readonly sha256: string;
  /** Seconds; undefined for photo and text. */
  readonly durationS: number | undefined;
  /** EBU R128, LUFS; undefined without sound, or when it is silent. */
  readonly loudnessLufs: number | undefined;
  readonly truePeakDb: number | undefined;
  readonly widthPx: number | undefined;
  readonly heightPx: number | undefined;
  readonly files: readonly MadeFile[];
}

export type Step = 'probe' | 'transcode' | 'loudness' | 'peaks';

/** What the makers of each kind give; the job adds the checksum. */
export type Made = Omit<JobResult, 'sha256'>;

/** Worker to owner, while the job goes on. `progress` 0..1 over the whole job. */
export interface JobProgress {
  readonly step: Step;
  readonly progress: number;
}
