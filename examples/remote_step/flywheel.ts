// A step of Flywheel's engine that is executed elsewhere: what it is asked, how it answers, and the
// Restate service that carries both. Nothing in here knows what the step does.

import * as restate from "@restatedev/restate-sdk";

/** Node.js takes a longer one for none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What the engine asks: one attempt of a step. */
export interface Attempt<Input> {
  runId: string;
  step: string;
  /** How often the run has come to this step, from 1. */
  occurrence: number;
  /** The number of this attempt, from 1. */
  attempt: number;
  /** The same for every attempt of this occurrence, and unlike every other: a key for others. */
  key: string;
  /** When this attempt is given up, unix milliseconds. */
  deadlineMs: number;
  input: Input;
}

/** How an attempt ends; the engine keeps it, and does what follows. */
export type Ending<Output> = (
  | { ending: "done"; output: Output }
  | { ending: "retry"; error: ErrorNote }
  | { ending: "later"; error: ErrorNote; untilMs: number }
  | { ending: "terminal"; error: ErrorNote }
  | { ending: "unknown"; error: ErrorNote }
) & {
  /** What the attempt cost, millionths of a US dollar; counts also when it failed. */
  costMicroUsd?: number;
};

/** A stable code, and what went wrong: one line per cause, outermost first. */
export interface ErrorNote {
  code: string;
  chain: string[];
}

/** It got done. */
export function done<Output>(output: Output): Ending<Output> {
  return { ending: "done", output };
}

/** It may succeed if tried again. When, and how often, is the policy's business. */
export function retry(code: string, cause: unknown): Ending<never> {
  return { ending: "retry", error: note(code, cause) };
}

/** The outside named a time. The run waits for it durably, and this counts no attempt. */
export function later(code: string, untilMs: number, cause: unknown): Ending<never> {
  return { ending: "later", error: note(code, cause), untilMs };
}

/** Trying again cannot help; the workflow decides. */
export function terminal(code: string, cause: unknown): Ending<never> {
  return { ending: "terminal", error: note(code, cause) };
}

/** It acted, perhaps, and cannot find out: a person decides. */
export function unknown(code: string, cause: unknown): Ending<never> {
  return { ending: "unknown", error: note(code, cause) };
}

/**
 * The service of a step. `act` does the work, once per attempt; what it throws is a retry, as an
 * unmapped error is in Rust. `signal` fires at the attempt's deadline: hand it to `fetch`.
 */
export function step<Input, Output>(
  name: string,
  act: (attempt: Attempt<Input>, signal: AbortSignal) => Promise<Ending<Output>>,
) {
  return restate.service({
    name: `steps.${name}`,
    handlers: {
      // All of it in one closure, which never throws: the engine is the only one who tries again.
      run: async (cx: restate.Context, attempt: Attempt<Input>): Promise<Ending<Output>> =>
        cx.run(name, () => inTime(attempt, act)),
    },
    // Only runs may call it.
    options: { ingressPrivate: true },
  });
}

async function inTime<Input, Output>(
  attempt: Attempt<Input>,
  act: (attempt: Attempt<Input>, signal: AbortSignal) => Promise<Ending<Output>>,
): Promise<Ending<Output>> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Ending<Output>>((resolve) => {
    const giveUp = () => {
      resolve(retry("step_timed_out", "no end before the deadline"));
      controller.abort();
    };
    timer = setTimeout(giveUp, Math.min(attempt.deadlineMs - Date.now(), LONGEST_TIMER_MS));
  });
  try {
    return await Promise.race([act(attempt, controller.signal), late]);
  } catch (error) {
    return retry("step_unmapped", error);
  } finally {
    clearTimeout(timer);
  }
}

function note(code: string, cause: unknown): ErrorNote {
  const chain: string[] = [];
  for (let error = cause; error != null; error = error instanceof Error ? error.cause : null) {
    chain.push(error instanceof Error ? error.message : String(error));
  }
  return { code, chain };
}
