/** What the client may break, how it is judged, and the body of `POST /_locum/stages`. */
export interface Options {
    /** Requirements that the client may break, such as `REQ-08`. */
    ignore?: string[];
    /** Requirements that the client must break. */
    expect?: string[];
    /** `strict`: WARN fails, too. Default: `LOCUM_VERDICTS`, else `on`. */
    verdicts?: 'on' | 'strict' | 'off';
    clock?: { now?: string; mode?: 'frozen' | 'running' };
    settings?: Record<string, unknown>;
    seed?: number;
    vendors?: Record<string, { principals?: unknown }>;
}

export interface Selector {
    id?: number;
    client?: string;
    user?: string;
}

export interface Match {
    endpoint?: string;
    client?: string;
    path?: string;
    method?: string;
    operations?: string[];
    /** `{ first: 2 }`, `{ after: 1 }`, `{ once: true }`, …; default: always. */
    when?: Record<string, unknown>;
}

/** A vendor in a stage: addresses, credentials, clock and journal of one test alone. */
export interface Locum {
    readonly name: string;
    readonly vendor: string;
    readonly document: any;
    readonly tokenUrl: string;
    readonly apiUrl: string;
    readonly urls: Record<string, string>;
    readonly credentials: Record<string, string>;
    /** Both as `LOCUM_*` variables. */
    readonly env: Record<string, string>;
    /** The same stage with another vendor. */
    of(vendor: string): Locum;
    /** Lets seconds pass at the vendors at once; negative ones step back. */
    advance(seconds: number): Promise<{ now: string; mode: string }>;
    clock(change: { now?: string; mode?: 'frozen' | 'running'; advance_s?: number }): Promise<{ now: string; mode: string }>;
    /** Ends tokens as if their time had come. */
    expire(selector?: Selector): Promise<any>;
    revoke(selector?: Selector): Promise<any>;
    /** Makes the vendor misbehave: `fault({ status: 503 }, { endpoint: 'token', when: { first: 2 } })`. */
    fault(then: Record<string, unknown>, match?: Match): Promise<any>;
    /** Changes settings by their whole names. */
    settings(changes: Record<string, unknown>): Promise<any>;
    /** What was exchanged, in order. */
    journal(query?: Record<string, string>): Promise<any[]>;
    /** What the journal so far says of the client. */
    verdicts(): Promise<any>;
    /** Any call of the control API below the stage. */
    call(method: string, path: string, body?: unknown): Promise<any>;
    ignore(...ids: string[]): void;
    expect(...ids: string[]): void;
    judge(verdicts: 'on' | 'strict' | 'off'): void;
}

/** A stage for each test of this file or describe block, judged after the test. */
export function useLocum(vendor: string, options?: Options): Locum;
/** A test's body with a stage of its own, for tests that run concurrently. */
export function withLocum<C extends any[], T>(vendor: string, body: (locum: Locum, ...context: C) => T | Promise<T>): (...context: C) => Promise<T>;
export function withLocum<C extends any[], T>(vendor: string, options: Options, body: (locum: Locum, ...context: C) => T | Promise<T>): (...context: C) => Promise<T>;
