/**
 * What the server knows of itself: whether it can work, and how much it does.
 *
 * @module
 */
export { AdminDoor } from "./admin_door.ts";
export { EventLoop, type EventLoopParts, LATE_MS } from "./event_loop.ts";
export { Health, type HealthParts } from "./health.ts";
export { Histogram } from "./histogram.ts";
export {
  type Metric,
  type MetricHistogram,
  METRICS,
  type MetricSources,
  type MetricValue,
} from "./metrics.ts";
export { Overload, type OverloadLevel } from "./overload.ts";
export { type Asker, StatusPages, type StatusParts } from "./status_pages.ts";
export { type Refusal, Telemetry } from "./telemetry.ts";
