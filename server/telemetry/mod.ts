/**
 * What the server knows of itself: whether it can work, and how much it does.
 *
 * @module
 */
export { EventLoop, type EventLoopParts, LATE_MS } from "./event_loop.ts";
export { Health, type HealthParts } from "./health.ts";
export { StatusPages } from "./status_pages.ts";
