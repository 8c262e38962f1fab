/**
 * Waking sleeping devices: when, how often, and what becomes of it.
 *
 * @module
 */
export type { ProviderName } from "./intent.ts";
export type { PushContentPolicy } from "./push_content.ts";
export { PushDispatcher, type PushDispatcherParts } from "./push_dispatcher.ts";
export type { PushFigures } from "./push_figures.ts";
export { type PushTrialOptions, type PushTrialStep, TRIAL_MS_DEFAULT } from "./push_trials.ts";
